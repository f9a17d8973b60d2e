"""Class numbers as vectors, of which mixtures can be made."""

import numbers

import tensorflow as tf

from mtl_keras import errors


class OneHot:
    """Turns class numbers of some tasks into one-hot vectors, for `dataset.map`.

    A missing label, -1, becomes a row of NaN. Float labels stay as they are. The tasks then need
    `CategoricalCrossentropy(from_logits=True)`, in training as in validation.

    Args:
        classes: dict task -> number of classes.

    Raises:
        ValueError: a number is less than 2, or in `dataset.map`: a task has no labels.

    Example:
        >>> labels = {"kind": tf.constant([1, -1]), "size": tf.constant([0.5, 2.0])}
        >>> _, labels = OneHot({"kind": 3})({"x": tf.zeros((2, 4))}, labels)
        >>> labels["kind"].numpy().tolist()
        [[0.0, 1.0, 0.0], [nan, nan, nan]]
    """

    def __init__(self, classes):
        for task, number in classes.items():
            if not isinstance(number, numbers.Integral) or number < 2:
                raise ValueError(
                    "Argument `classes` must hold whole numbers >= 2. "
                    f"Received: classes[{task!r}]={number!r}"
                )
        self.classes = dict(classes)

    def __call__(self, inputs, labels, *weights):
        """Returns the parts of a batch with float labels for these tasks.

        Args:
            inputs: dict, returned as it is.
            labels: dict task -> labels `(batch, ...)`.
            *weights: dict of sample weights, if there are any, returned as it is.
        """
        labels = dict(labels)
        for task, number in self.classes.items():
            if task not in labels:
                raise errors.unknown("task in `classes`:", task, labels)
            if not labels[task].dtype.is_floating:
                labels[task] = _one_hot(task, labels[task], int(number))
        return (inputs, labels, *weights)


def _one_hot(task, labels, classes):
    low, high = tf.reduce_min(labels), tf.reduce_max(labels)
    law = f"Task {task!r}: labels must be in 0..{classes - 1} or -1 (missing). Received:"
    check = tf.debugging.Assert((low >= -1) & (high < classes), [law, low, high])
    with tf.control_dependencies([check] if check is not None else []):
        vectors = tf.one_hot(labels, classes)
    return tf.where(labels[..., None] == -1, float("nan"), vectors)
