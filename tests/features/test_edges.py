import numpy as np

from mtl_keras.features import Laplacian, Sobel

from .pictures import each_picture, run, skimage


@each_picture
def test_sobel_is_that_of_scikit_image(picture):
    wanted = skimage.filters.sobel(picture.astype("float64"))
    np.testing.assert_allclose(run(Sobel(), picture), wanted, atol=1e-4)
    assert wanted.max() <= 255


@each_picture
def test_laplacian_is_that_of_scikit_image(picture):
    wanted = skimage.filters.laplace(picture.astype("float64"))
    np.testing.assert_allclose(run(Laplacian(), picture), wanted, atol=1e-4)


def test_a_checkerboard_and_a_step_reach_the_ends_of_the_range():
    checkers = np.indices((6, 6)).sum(0) % 2
    assert np.abs(run(Laplacian(), checkers)).max() == 4
    step = np.triu(np.ones((6, 6)))
    assert 0.7 < run(Sobel(), step).max() <= 1
