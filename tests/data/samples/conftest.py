import functools

import pytest

from mtl_keras.data import samples


@pytest.fixture(scope="session")
def sample():
    """Gives a sample set by name, made once for all tests (which must not change it)."""
    return functools.cache(samples.load)
