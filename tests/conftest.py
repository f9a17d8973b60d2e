"""Settings and fixtures of all tests."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "agg")

import hypothesis
import keras
import pytest

from mtl_keras import clock

hypothesis.settings.register_profile("no deadline", deadline=None)  # the first call traces
hypothesis.settings.load_profile("no deadline")


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
