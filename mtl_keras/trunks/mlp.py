"""A multi-layer perceptron on pixels."""

import functools

from keras import layers

from mtl_keras.trunks.sized import SizedTrunk


class mlp(SizedTrunk):
    """Builds a multi-layer perceptron: the pixels in a row, then dense layers with ReLU.

    Called on a picture tensor it returns features `(batch, units[-1])`. Called again on another
    input it shares its kernels, and makes a new first layer only where the number of channels
    differs. There is no normalisation.

    Args:
        units: tuple of int, widths of the dense layers. Defaults to (256, 128).
        input_size: (height, width) in pixels, to which other pictures are resized. Defaults to
            (28, 28).
        name: str, prefix of the layers' names. Defaults to `"mlp"`.

    Raises:
        ValueError: there are no units.

    Example:
        >>> import keras
        >>> trunk = mlp()
        >>> trunk(keras.Input((28, 28, 1))).shape, trunk(keras.Input((32, 32, 3))).shape
        ((None, 128), (None, 128))
    """

    def __init__(self, units=(256, 128), input_size=(28, 28), name="mlp"):
        super().__init__(input_size, name)
        if not units:
            raise ValueError(
                f"Argument `units` must hold one width or more, as (256, 128). Received: {units!r}"
            )
        self.units = tuple(units)

    def stages(self):
        hidden = range(1, len(self.units))
        return [self._stem, *(functools.partial(self._hidden, index) for index in hidden)]

    def _stem(self, x):
        name = f"stem{x.shape[-1]}"
        x = self.shared("flatten", layers.Flatten)(self.resize(x))
        return self.shared(name, layers.Dense, self.units[0], activation="relu")(x)

    def _hidden(self, index, x):
        units = self.units[index]
        return self.shared(f"hidden{index}", layers.Dense, units, activation="relu")(x)
