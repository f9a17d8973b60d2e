import numpy as np
import pytest

from mtl_keras.features import GaussianBlur, Median

from .pictures import each_picture, run, skimage


@each_picture
@pytest.mark.parametrize("sigma", [0.5, 2.0, 9.0])
def test_blur_is_that_of_scikit_image(picture, sigma):
    wanted = skimage.filters.gaussian(picture.astype("float64"), sigma)
    np.testing.assert_allclose(run(GaussianBlur(sigma), picture), wanted, atol=2e-4)


@each_picture
@pytest.mark.parametrize("size", [1, 3, 5])
def test_median_is_that_of_scikit_image(picture, size):
    wanted = skimage.filters.median(picture, np.ones((size, size)))
    np.testing.assert_array_equal(run(Median(size), picture), wanted)


def test_bad_input():
    with pytest.raises(ValueError, match=r"`sigma` must be > 0\. Received: sigma=0"):
        GaussianBlur(0)
    with pytest.raises(ValueError, match=r"`size` must be odd and > 0\. Received: size=4"):
        Median(4)
