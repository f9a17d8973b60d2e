"""Yes or no."""

import keras
from keras import layers

from mtl_keras.heads.base import Head


class binary(Head):
    """Builds a head that tells yes from no.

    Called on features `(batch, width)` it returns one logit, `(batch, 1)`. Labels are 0 and 1,
    `(batch,)`; missing is -1 in integers and NaN in floats.

    Args:
        name: str, name of the task. Defaults to `"binary"`.

    Example:
        >>> match = binary(name="match")
        >>> match(keras.Input((64,))).shape, match.loss.name, match.metrics
        ((None, 1), 'binary_crossentropy', ['accuracy'])
    """

    def __init__(self, name="binary"):
        super().__init__(name, keras.losses.BinaryCrossentropy(from_logits=True), ["accuracy"])

    def __call__(self, features):
        return layers.Dense(1, name=self.name)(features)
