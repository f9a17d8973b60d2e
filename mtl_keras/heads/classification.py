"""One of several classes."""

import keras
from keras import layers

from mtl_keras.heads.base import Head, whole_number


class classification(Head):
    """Builds a head that tells which one of several classes a row belongs to.

    Called on features `(batch, width)` it returns logits `(batch, classes)`. Labels are class
    numbers, integers `(batch,)`; -1 is missing. For two classes, `binary` has one logit only.

    Args:
        classes: int, at least 2.
        name: str, name of the task. Defaults to `"classification"`.

    Raises:
        ValueError: `classes` is no such number.

    Example:
        >>> digits = classification(10, name="digits")
        >>> digits(keras.Input((64,))).shape, digits.loss.name, digits.metrics
        ((None, 10), 'sparse_categorical_crossentropy', ['accuracy'])
    """

    def __init__(self, classes, name="classification"):
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        super().__init__(name, loss, ["accuracy"])
        self.classes = whole_number("classes", classes, least=2)

    def __call__(self, features):
        return layers.Dense(self.classes, name=self.name)(features)
