"""Peak signal-to-noise ratio."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("mtl_keras")
class PSNR(keras.metrics.MeanSquaredError):
    """Peak signal-to-noise ratio in decibels, of pictures in [0, 1].

    -10 log10 of the mean squared error over all pixels seen together, so that a single pixel may
    be missing; not the mean of the pictures' ratios.

    Args:
        from_logits: bool, whether the outputs are logits of the pictures. Defaults to `False`.
        name: str. Defaults to `"psnr"`.
        dtype: as in Keras.

    Example:
        >>> metric = PSNR()
        >>> metric.update_state([[0.5, 0.4]], [[0.6, 0.5]])
        >>> round(float(metric.result()), 3)
        20.0
    """

    def __init__(self, from_logits=False, name="psnr", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.from_logits = from_logits
        self._direction = "up"

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = ops.sigmoid(y_pred) if self.from_logits else y_pred
        return super().update_state(y_true, y_pred, sample_weight)

    def result(self):
        return -10 * ops.log10(super().result())

    def get_config(self):
        return {**super().get_config(), "from_logits": self.from_logits}
