"""Edges: first and second derivatives."""

import keras
import numpy as np

from mtl_keras.features.base import PictureFeature, correlate, length

_ACROSS = np.outer([1.0, 2.0, 1.0], [1.0, 0.0, -1.0]) / 4
_LAPLACIAN = np.array([[0.0, -1.0, 0.0], [-1.0, 4.0, -1.0], [0.0, -1.0, 0.0]])


@keras.saving.register_keras_serializable("mtl_keras")
class Sobel(PictureFeature):
    """Edge strength: the length of the gradient by Sobel's kernels, each channel by itself.

    sqrt((h² + v²) / 2), where h and v are the responses of (1, 2, 1) x (1, 0, -1) / 4 and its
    transpose; pictures continue reflected. It is `skimage.filters.sobel`; `keras.ops.image
    .sobel_edges` gives 4 h and 4 v, with another border. Pictures that span a range r give values
    in [0, r].

    Example:
        >>> picture = np.zeros((1, 3, 4, 1), "uint8")
        >>> picture[:, :, 2:] = 100
        >>> Sobel()(picture).numpy()[0, 0, :, 0].round().tolist()
        [0.0, 71.0, 71.0, 0.0]

    Reference:
        Sobel and Feldman, "A 3x3 Isotropic Gradient Operator for Image Processing", 1968.
    """

    def features(self, pictures):
        across = correlate(pictures, _ACROSS[..., None])
        down = correlate(pictures, _ACROSS.T[..., None])
        return length(across, down) / np.sqrt(2)


@keras.saving.register_keras_serializable("mtl_keras")
class Laplacian(PictureFeature):
    """The second derivative: four times each pixel minus its four neighbours.

    It is `skimage.filters.laplace`, and minus SciPy's; pictures continue reflected. Pictures that
    span a range r give values in [-4r, 4r].

    Example:
        >>> picture = np.zeros((1, 3, 3, 1), "uint8")
        >>> picture[0, 1, 1] = 9
        >>> Laplacian()(picture).numpy()[0, :, :, 0]
        array([[ 0., -9.,  0.],
               [-9., 36., -9.],
               [ 0., -9.,  0.]], dtype=float32)
    """

    def features(self, pictures):
        return correlate(pictures, _LAPLACIAN[..., None])
