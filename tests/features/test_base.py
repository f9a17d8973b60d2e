import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from mtl_keras.features.base import PictureFeature, correlate, length, pad


@pytest.mark.parametrize(("border", "mode"), [("reflect", "symmetric"), ("nearest", "edge")])
@settings(max_examples=15, deadline=None)
@given(height=st.integers(0, 9), width=st.integers(0, 9))
def test_pads_as_numpy_further_than_the_picture_too(border, mode, height, width):
    picture = np.arange(12).reshape(1, 3, 4, 1)
    wanted = np.pad(picture, [(0, 0), (height, height), (width, width), (0, 0)], mode)
    np.testing.assert_array_equal(pad(picture, height, width, border), wanted)


@pytest.mark.parametrize("border", ["reflect", "nearest"])
def test_correlates_as_scipy(border):
    rng = np.random.default_rng(0)
    pictures, kernels = rng.normal(size=(2, 4, 5, 3)), rng.normal(size=(3, 7, 2))
    found = correlate(pictures.astype("float32"), kernels, border).numpy()
    for picture, result in zip(pictures, found):
        wanted = [
            ndimage.correlate(picture[..., channel], kernels[..., kernel], mode=border)
            for channel in range(3)
            for kernel in range(2)
        ]
        np.testing.assert_allclose(result, np.stack(wanted, -1), atol=1e-5)


def test_length_is_that_of_numpy():
    x, y = np.random.default_rng(0).normal(size=(2, 50)).astype("float32")
    np.testing.assert_allclose(length(x, y), np.hypot(x, y), rtol=1e-6)
    assert length(np.zeros(1, "float32"), np.zeros(1, "float32")).numpy() == 0


def test_a_feature_must_be_implemented():
    with pytest.raises(NotImplementedError, match="must implement features"):
        PictureFeature()(np.zeros((1, 2, 2, 1)))
