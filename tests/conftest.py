"""Settings and fixtures of all tests."""

import gc
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "agg")
# Small tensors gain nothing from more, and pytest's workers share the cores.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

import hypothesis
import keras
import pytest

from mtl_keras import clock

# What is imported stays; to look for garbage in it again and again takes 5 % of the time.
gc.freeze()
gc.set_threshold(100_000)

# The first call traces, so there is no deadline; `make test-full` draws hypothesis' own 100.
hypothesis.settings.register_profile("few", deadline=None, max_examples=25)
hypothesis.settings.register_profile("full", deadline=None)


def pytest_configure(config):
    hypothesis.settings.load_profile("full" if config.option.markexpr == "full" else "few")


# First, so that in the end no worker waits for another.
LONG = ("tests/test_notebooks.py", "tests/replicas/", "tests/cli/", "tests/experiments/")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture(autouse=True)
def _fresh_seeds():
    keras.utils.set_random_seed(0)
    clock.set_epoch(0)


@pytest.fixture
def tfds_dir():
    """A function that returns the TFDS directory if it holds a set, and skips the test if not."""

    def directory(name):
        root = os.environ.get("TFDS_DATA_DIR")
        if not root or not os.path.isdir(os.path.join(root, name)):
            pytest.skip(f"TFDS_DATA_DIR holds no {name}")
        return root

    return directory
