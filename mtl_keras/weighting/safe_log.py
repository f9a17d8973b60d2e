"""The logarithm of a loss that may be zero."""

import tensorflow as tf

SMALLEST = 1e-30


def safe_log(losses):
    """Returns log(max(losses, 1e-30)), whose slope below 1e-30 is 0.

    A loss of 0 has nothing left to minimise: its weight is 0 instead of infinite. The same holds
    for negative losses, for which methods that take logarithms are not meant.

    Args:
        losses: float32 tensor.

    Example:
        >>> [round(float(log), 2) for log in safe_log(tf.constant([1.0, 0.0]))]
        [0.0, -69.08]
    """
    return tf.math.log(tf.maximum(losses, SMALLEST))
