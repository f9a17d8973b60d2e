"""Denoising: blur and median."""

import keras
import numpy as np
from keras import ops

from mtl_keras.features.base import PictureFeature, correlate, pad


@keras.saving.register_keras_serializable("mtl_keras")
class GaussianBlur(PictureFeature):
    """Averages each pixel with its neighbours, weighted by a normal distribution.

    It is `skimage.filters.gaussian`: the kernel ends at `truncate` standard deviations and
    pictures continue with their nearest pixel (`keras.ops.image.gaussian_blur` continues them
    black). The range is that of the pictures.

    Args:
        sigma: float > 0, standard deviation in pixels. Defaults to 1.
        truncate: float, where the kernel ends, in standard deviations. Defaults to 4.

    Example:
        >>> picture = np.zeros((1, 9, 9, 1), "uint8")
        >>> picture[0, 4, 4] = 255
        >>> round(float(GaussianBlur(1.0)(picture)[0, 4, 4, 0]), 2)
        40.58
    """

    def __init__(self, sigma=1.0, truncate=4.0, **kwargs):
        super().__init__(**kwargs)
        if sigma <= 0:
            raise ValueError(f"Argument `sigma` must be > 0. Received: sigma={sigma}")
        self.sigma, self.truncate = sigma, truncate

    def features(self, pictures):
        radius = int(self.truncate * self.sigma + 0.5)
        kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / self.sigma) ** 2)
        kernel /= kernel.sum()
        down = correlate(pictures, kernel[:, None, None], "nearest")
        return correlate(down, kernel[None, :, None], "nearest")

    def get_config(self):
        return {**super().get_config(), "sigma": self.sigma, "truncate": self.truncate}


@keras.saving.register_keras_serializable("mtl_keras")
class Median(PictureFeature):
    """Replaces each pixel by the median of the square around it, which removes single outliers.

    It is `skimage.filters.median` with a square footprint; pictures continue with their nearest
    pixel. The values are some of the picture's.

    Args:
        size: int, odd, side of the square in pixels. Defaults to 3.

    Example:
        >>> picture = np.full((1, 3, 3, 1), 7, "uint8")
        >>> picture[0, 1, 1] = 255
        >>> set(Median()(picture).numpy().ravel().tolist())
        {7.0}
    """

    def __init__(self, size=3, **kwargs):
        super().__init__(**kwargs)
        if size < 1 or size % 2 == 0:
            raise ValueError(f"Argument `size` must be odd and > 0. Received: size={size}")
        self.size = size

    def features(self, pictures):
        height, width = ops.shape(pictures)[1:3]
        around = pad(pictures, self.size // 2, self.size // 2, "nearest")
        neighbours = [
            around[:, row : row + height, column : column + width]
            for row in range(self.size)
            for column in range(self.size)
        ]
        return ops.sort(ops.stack(neighbours, axis=-1), axis=-1)[..., self.size**2 // 2]

    def get_config(self):
        return {**super().get_config(), "size": self.size}
