"""The epoch that data pipelines read and `fit` sets."""

import functools

import tensorflow as tf


@functools.cache
def epoch():
    """Returns the process-wide epoch variable, a scalar `tf.Variable` of int64.

    A pipeline reads it when an iterator over it starts, so that the order of the rows is a
    function of (seed, epoch) also in a run that was resumed. `MultiTaskModel.fit` sets it
    before each epoch.

    Example:
        >>> int(epoch())
        0
    """
    with tf.init_scope(), tf.device("CPU"):
        return tf.Variable(0, dtype=tf.int64, trainable=False, name="epoch")


def set_epoch(number):
    """Sets the epoch whose rows the data sets of this package give next.

    Only needed outside `MultiTaskModel.fit`, which does it itself.

    Args:
        number: int, 0 for the first epoch.

    Example:
        >>> set_epoch(0)
    """
    epoch().assign(number)
