"""What a loss method comes to: the value, and its derivatives."""

import numpy as np
import tensorflow as tf


def built(method, count):
    """Returns the method, built for `count` tasks."""
    method.build([f"task{index}" for index in range(count)])
    return method


def differentiate(method, losses, present=None):
    """Returns the value, the weights (T,) and the gradients of what the method learns."""
    losses = tf.constant(losses, tf.float32)
    learned = [v.value for v in method.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch(losses)
        objective = method(losses=losses, present=present)
    weights, *slopes = tape.gradient(objective, [losses, *learned])
    return float(objective), np.array(weights), [np.array(slope) for slope in slopes]
