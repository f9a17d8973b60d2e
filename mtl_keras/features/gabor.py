"""Gabor filters."""

import math

import keras
import numpy as np

from mtl_keras.features.base import PictureFeature, correlate, length

_DEVIATIONS = 3  # Where a kernel ends.


@keras.saving.register_keras_serializable("mtl_keras")
class GaborBank(PictureFeature):
    """How strong waves of some lengths and directions are around each pixel.

    The magnitude of the complex responses of `skimage.filters.gabor`, one for each frequency and
    orientation; pictures continue reflected. Pictures with values up to r give values in about
    [0, r]. The sum of a kernel is near 0, not 0: for features that do not change with brightness,
    take the mean from the pictures first.

    Args:
        frequencies: sequence of float, waves per pixel. Defaults to `(0.1, 0.2, 0.4)`: kernels of
            35, 19 and 11 pixels.
        orientations: int, directions in [0, pi). Defaults to 4.
        bandwidth: float, of the frequencies, in octaves. Defaults to 1.

    Call arguments:
        pictures: (batch, height, width, channels). Returns float32 (batch, height, width,
            channels * frequencies * orientations), of each channel the first frequency first.

    Example:
        >>> columns = np.cos(2 * np.pi * 0.2 * np.arange(32))
        >>> found = GaborBank([0.2], orientations=2)(np.tile(columns, (1, 32, 1))[..., None])
        >>> found.numpy()[0, 16, 16].round(1).tolist()
        [0.5, 0.0]

    Reference:
        Daugman, "Uncertainty Relation for Resolution in Space, Spatial Frequency, and Orientation
        Optimized by Two-Dimensional Visual Cortical Filters", JOSA A 1985.
    """

    def __init__(self, frequencies=(0.1, 0.2, 0.4), orientations=4, bandwidth=1.0, **kwargs):
        super().__init__(**kwargs)
        frequencies = [float(frequency) for frequency in frequencies]
        if not frequencies or not all(0 < frequency <= 0.5 for frequency in frequencies):
            raise ValueError(
                "Argument `frequencies` must hold waves per pixel in (0, 0.5]. "
                f"Received: frequencies={frequencies}"
            )
        self.frequencies, self.orientations, self.bandwidth = frequencies, orientations, bandwidth

    def features(self, pictures):
        kernels = _same_size(
            gabor_kernel(frequency, np.pi * step / self.orientations, self.bandwidth)
            for frequency in self.frequencies
            for step in range(self.orientations)
        )
        return length(correlate(pictures, kernels.real), correlate(pictures, kernels.imag))

    def depth(self, channels):
        return channels * len(self.frequencies) * self.orientations

    def get_config(self):
        return {
            **super().get_config(),
            "frequencies": self.frequencies,
            "orientations": self.orientations,
            "bandwidth": self.bandwidth,
        }


def gabor_kernel(frequency, theta, bandwidth=1.0):
    """Returns the complex kernel of a Gabor filter, which is that of scikit-image.

    Args:
        frequency: float, waves per pixel.
        theta: float, direction in which the wave runs, in radians.
        bandwidth: float, in octaves. Defaults to 1.

    Returns:
        complex128 array of odd height and width.

    Example:
        >>> gabor_kernel(0.2, 0.0).shape
        (19, 19)
    """
    octaves = 2.0**bandwidth
    sigma = math.sqrt(math.log(2) / 2) / math.pi * (octaves + 1) / (octaves - 1) / frequency
    cos, sin = math.cos(theta), math.sin(theta)
    reach = math.ceil(max(_DEVIATIONS * sigma * abs(cos), _DEVIATIONS * sigma * abs(sin), 1))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    along, across = x * cos + y * sin, -x * sin + y * cos
    envelope = np.exp(-0.5 * (along**2 + across**2) / sigma**2) / (2 * np.pi * sigma**2)
    return envelope * np.exp(2j * np.pi * frequency * along)


def _same_size(kernels):
    kernels = list(kernels)
    largest = max(len(kernel) for kernel in kernels)
    return np.stack([np.pad(k, (largest - len(k)) // 2) for k in kernels], axis=-1)
