"""Numbers."""

from keras import layers

from mtl_keras import losses
from mtl_keras.heads.base import Head, whole_number


class regression(Head):
    """Builds a head that tells numbers.

    Called on features `(batch, width)` it returns values `(batch, units)`. Labels are floats
    `(batch, units)`, or `(batch,)` for one unit; any single one may be missing, NaN.

    Args:
        units: int, at least 1. Defaults to 1.
        loss: name or object of a loss of numbers, such as `"mae"` or `keras.losses.Huber()`.
            Defaults to `"mse"`.
        name: str, name of the task. Defaults to `"regression"`.

    Raises:
        ValueError: `units` is no such number, or the loss is not known.

    Example:
        >>> import keras
        >>> angle = regression(name="angle")
        >>> angle(keras.Input((64,))).shape, angle.loss.name, angle.metrics
        ((None, 1), 'mean_squared_error', ['mae'])
    """

    def __init__(self, units=1, loss="mse", name="regression"):
        super().__init__(name, losses.get_loss(name, loss), ["mae"])
        self.units = whole_number("units", units, least=1)

    def __call__(self, features):
        return layers.Dense(self.units, name=self.name)(features)
