import numpy as np
import pytest

from mtl_keras.features import LocalBinaryPattern

from .pictures import each_picture, run, skimage


@each_picture
@pytest.mark.parametrize(("points", "radius"), [(8, 1), (16, 2), (24, 3), (6, 1.5)])
def test_codes_are_those_of_scikit_image(picture, points, radius):
    wanted = skimage.feature.local_binary_pattern(picture, points, radius, "uniform")
    found = run(LocalBinaryPattern(points, radius), picture)
    assert (found != wanted).mean() <= 0.002


@pytest.mark.parametrize("grid", [(1, 1), (2, 3)])
def test_histogram_is_that_of_the_codes_in_each_cell(grid):
    pictures = np.random.default_rng(0).integers(0, 9, (2, 8, 12, 3))
    codes = LocalBinaryPattern()(pictures).numpy().astype(int)
    rows, columns = grid
    wanted = [
        [
            np.bincount(cell[..., channel].ravel(), minlength=10) / cell[..., channel].size
            for band in np.split(picture, rows)
            for cell in np.split(band, columns, axis=1)
            for channel in range(3)
        ]
        for picture in codes
    ]
    found = LocalBinaryPattern(grid=grid)(pictures)
    np.testing.assert_allclose(found, np.reshape(wanted, (2, -1)), atol=1e-6)


def test_brightness_leaves_the_codes_of_radius_one_at_four_points():
    """No interpolation: equal to the bit under any increasing change."""
    picture = np.random.default_rng(0).integers(1, 200, (12, 12))
    layer = LocalBinaryPattern(4)
    np.testing.assert_array_equal(run(layer, picture**2 + 7), run(layer, picture))


def test_bad_input():
    with pytest.raises(ValueError, match=r"must be > 0\. Received: points=0, radius=1"):
        LocalBinaryPattern(0)
