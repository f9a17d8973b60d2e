"""Any number of labels at once."""

import keras
from keras import layers

from mtl_keras.heads.base import Head, whole_number


class multi_label(Head):
    """Builds a head that tells which of several labels apply to a row, each for itself.

    Called on features `(batch, width)` it returns logits `(batch, labels)`. Labels are 0 and 1,
    `(batch, labels)`; any single one may be missing, -1 in integers and NaN in floats. A row's
    loss is the mean over the labels that it has. The area under the ROC curve, over all
    labels together, comes first, since most labels apply to few rows: saying no to
    everything is accurate.

    Args:
        labels: int, at least 1.
        name: str, name of the task. Defaults to `"multi_label"`.

    Raises:
        ValueError: `labels` is no such number.

    Example:
        >>> emotions = multi_label(28, name="emotions")
        >>> emotions(keras.Input((64,))).shape, emotions.loss.name, emotions.metrics
        ((None, 28), 'binary_crossentropy', ['auc', 'accuracy'])
    """

    def __init__(self, labels, name="multi_label"):
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        super().__init__(name, loss, ["auc", "accuracy"])
        self.labels = whole_number("labels", labels, least=1)

    def __call__(self, features):
        return layers.Dense(self.labels, name=self.name)(features)
