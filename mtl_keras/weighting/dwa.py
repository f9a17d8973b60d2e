"""Dynamic weight average."""

import tensorflow as tf

from mtl_keras.weighting.base import LossWeighting
from mtl_keras.weighting.registry import register


@register("dwa")
class DWA(LossWeighting):
    """Weighs a task by how slowly its loss falls: w = T softmax(r/τ), r_i = L_i(e-1)/L_i(e-2).

    L_i(e) is the mean loss of epoch e. The weights sum to the number of tasks and are 1 in the
    first two epochs. A task without a label in an epoch keeps its earlier means.

    Args:
        temperature: float > 0, τ; larger is more even. Defaults to 2, the paper's.

    Example:
        >>> import numpy as np
        >>> method = DWA()
        >>> method.build(["a", "b"])
        >>> for losses in ([2.0, 2.0], [1.0, 2.0]):
        ...     method.on_epoch_end(np.array(losses), np.array([True, True]))
        >>> [round(float(weight), 3) for weight in method.weights(present=[True, True])]
        [0.876, 1.124]

    Reference:
        Liu, Johns, Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019,
        arXiv 1803.10704, equation 7.
    """

    def __init__(self, temperature=2.0):
        super().__init__()
        if not temperature > 0:
            raise ValueError(
                f"Argument `temperature` must be > 0. Received: temperature={temperature}"
            )
        self.temperature = float(temperature)

    def setup(self):
        # A mean of 0 stands for "not there yet".
        self.last, self.before = (
            self.add_weight(
                shape=(self.num_tasks,), initializer="zeros", trainable=False, name=name
            )
            for name in ("last_epoch", "epoch_before")
        )

    def on_epoch_end(self, mean_losses, present):
        last = self.last.value
        self.before.assign(tf.where(present, last, self.before.value))
        self.last.assign(tf.where(present, tf.cast(mean_losses, tf.float32), last))

    def weights(self, present):
        known = (self.before.value > 0) & (self.last.value > 0)
        rates = tf.where(known, tf.math.divide_no_nan(self.last.value, self.before.value), 1.0)
        rates = tf.minimum(rates, tf.float32.max)
        scores = tf.where(present, rates / self.temperature, float("-inf"))
        count = tf.reduce_sum(tf.cast(present, tf.float32))
        return tf.where(tf.reduce_any(present), count * tf.nn.softmax(scores), 0.0)
