import numpy as np
import pytest

from mtl_keras.features import GaborBank
from mtl_keras.features.gabor import gabor_kernel

from .pictures import each_picture, run, skimage


@pytest.mark.parametrize("frequency", [0.1, 0.25, 0.4])
@pytest.mark.parametrize("theta", [0, 0.3, np.pi / 4, np.pi / 2, 3])
def test_kernels_are_those_of_scikit_image(frequency, theta):
    wanted = skimage.filters.gabor_kernel(frequency, theta, bandwidth=1.5)
    found = gabor_kernel(frequency, theta, bandwidth=1.5)
    np.testing.assert_allclose(found, wanted, atol=1e-12)


@each_picture
def test_magnitudes_are_those_of_scikit_image(picture):
    found = run(GaborBank([0.15, 0.3], orientations=3), picture)
    for index, (frequency, step) in enumerate((f, s) for f in (0.15, 0.3) for s in range(3)):
        parts = skimage.filters.gabor(picture.astype("float64"), frequency, np.pi * step / 3)
        np.testing.assert_allclose(found[..., index], np.hypot(*parts), atol=1e-3)


def test_bad_input():
    with pytest.raises(ValueError, match=r"in \(0, 0\.5\]\. Received: frequencies=\[0\.2, 0\.7\]"):
        GaborBank([0.2, 0.7])
