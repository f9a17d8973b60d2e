"""Enhancement: equalised histograms, contrast."""

import keras
from keras import ops

from mtl_keras.features.base import PictureFeature

CLAHE = keras.layers.ContrastLimitedAdaptiveHistogramEqualization
"""Contrast-limited adaptive equalisation, the layer of Keras. It treats each picture by itself, the
same in training and inference; its numbers are not those of scikit-image. Keep it in the input
pipeline: it makes an array of 256 numbers for each pixel, of pictures of a known size."""

AutoContrast = keras.layers.AutoContrast
"""Stretches each channel of each picture over the whole range, the layer of Keras."""

_LEVELS = 256


@keras.saving.register_keras_serializable("mtl_keras")
class HistogramEqualization(PictureFeature):
    """Spreads the grey levels of each channel of each picture evenly over the range.

    Each of 256 levels becomes the part of the pixels that are not brighter. It is
    `skimage.exposure.equalize_hist` of 8-bit pictures, times the range. (`keras.layers
    .Equalization` takes one histogram for a whole batch and does nothing in inference.) No gradient
    passes.

    Args:
        value_range: (lowest, highest) value of the pictures, and of the result. Defaults to
            (0, 255).

    Example:
        >>> import numpy as np
        >>> picture = np.array([[10, 10], [20, 30]], "uint8")[None, ..., None]
        >>> HistogramEqualization()(picture).numpy()[0, ..., 0]
        array([[127.5 , 127.5 ],
               [191.25, 255.  ]], dtype=float32)
    """

    def __init__(self, value_range=(0, 255), **kwargs):
        super().__init__(**kwargs)
        lowest, highest = value_range
        if not lowest < highest:
            raise ValueError(
                "Argument `value_range` must be (lowest, highest). "
                f"Received: value_range={value_range}"
            )
        self.value_range = (lowest, highest)

    def features(self, pictures):
        lowest, highest = self.value_range
        parts = (pictures - lowest) / (highest - lowest)
        levels = ops.cast(ops.clip(ops.round(parts * (_LEVELS - 1)), 0, _LEVELS - 1), "int32")
        batch, height, width, channels = ops.shape(levels)
        levels = ops.reshape(ops.transpose(levels, (0, 3, 1, 2)), (-1, height * width))
        counts = ops.bincount(levels, minlength=_LEVELS)
        spread = ops.cumsum(ops.cast(counts, pictures.dtype), axis=1)
        spread = ops.take_along_axis(spread / spread[:, -1:], levels, axis=1)
        spread = ops.transpose(ops.reshape(spread, (batch, channels, height, width)), (0, 2, 3, 1))
        return lowest + (highest - lowest) * spread

    def get_config(self):
        return {**super().get_config(), "value_range": self.value_range}
