import numpy as np
import pytest

from mtl_keras.features import CLAHE, AutoContrast, HistogramEqualization

from .pictures import each_picture, run, skimage


@each_picture
def test_equalisation_is_that_of_scikit_image(picture):
    wanted = skimage.exposure.equalize_hist(picture)
    np.testing.assert_allclose(run(HistogramEqualization(), picture) / 255, wanted, atol=1e-6)


@each_picture
def test_the_range_may_be_another(picture):
    found = run(HistogramEqualization((0, 1)), (picture / 255).astype("float32"))
    np.testing.assert_allclose(found, skimage.exposure.equalize_hist(picture), atol=1e-6)
    shifted = run(HistogramEqualization((-1, 1)), (picture / 127.5 - 1).astype("float32"))
    np.testing.assert_allclose(shifted, 2 * found - 1, atol=1e-6)


def test_the_layers_of_keras_keep_their_promises():
    """The same in training and inference, within the range, and no less contrast."""
    picture = (100 + 20 * np.random.default_rng(0).random((1, 32, 32, 1))).astype("float32")
    for layer in (CLAHE(tile_grid_size=(2, 2)), AutoContrast()):
        found = layer(picture, training=False).numpy()
        np.testing.assert_array_equal(layer(picture, training=True), found)
        assert found.min() >= 0
        assert found.max() <= 255
        assert found.std() > 1.5 * picture.std()
    np.testing.assert_allclose([found.min(), found.max()], [0, 255], atol=1e-3)


def test_bad_input():
    with pytest.raises(ValueError, match=r"Received: value_range=\(1, 1\)"):
        HistogramEqualization((1, 1))
