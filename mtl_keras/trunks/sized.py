"""Trunks whose weights fit one size of picture."""

from keras import layers

from mtl_keras.trunks.base import Trunk


class SizedTrunk(Trunk):
    """A trunk that resizes every picture, bilinearly, to the one size that its weights fit.

    Args:
        input_size: (height, width) in pixels.
        name: str, prefix of the layers' names.

    Raises:
        ValueError: `input_size` is no pair of whole numbers above 0.

    Example:
        >>> import keras
        >>> class Linear(SizedTrunk):
        ...     def connect(self, x):
        ...         x = self.shared("flatten", layers.Flatten)(self.resize(x))
        ...         return self.shared("dense", layers.Dense, 3)(x)
        >>> linear = Linear((28, 28), "linear")
        >>> linear(keras.Input((28, 28, 1))).shape, linear(keras.Input((None, None, 1))).shape
        ((None, 3), (None, 3))
    """

    def __init__(self, input_size, name):
        super().__init__(name)
        size = tuple(input_size) if isinstance(input_size, (tuple, list)) else ()
        if len(size) != 2 or not all(isinstance(side, int) and side > 0 for side in size):
            raise ValueError(
                "Argument `input_size` must be (height, width), two whole numbers above 0. "
                f"Received: input_size={input_size!r}"
            )
        self.input_size = size

    def resize(self, x):
        """Returns `x` in the size of this trunk."""
        if tuple(x.shape[1:3]) == self.input_size:
            return x
        return self.shared("resize", layers.Resizing, *self.input_size)(x)
