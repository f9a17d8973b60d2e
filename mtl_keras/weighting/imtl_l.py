"""Impartial multi-task learning, its part for losses."""

import tensorflow as tf

from mtl_keras.weighting.base import LossWeighting
from mtl_keras.weighting.registry import register


@register("imtl_l")
class IMTLL(LossWeighting):
    """Learns a scale for each loss: Σ (exp(s_i) L_i - s_i).

    The weights are exp(s_i), not negative; their sum is not fixed. At the minimum over s every
    exp(s_i) L_i is 1. The s_i start at 0 and are trained by the model's optimizer.

    Example:
        >>> method = IMTLL()
        >>> method.build(["a", "b"])
        >>> float(method(losses=[1.0, 3.0]))
        4.0

    Reference:
        Liu et al., "Towards Impartial Multi-task Learning", ICLR 2021, section 3.2. Cost: one
        backward pass.
    """

    def setup(self):
        self.log_scales = self.add_weight(
            shape=(self.num_tasks,), initializer="zeros", name="log_scales"
        )

    def combine(self, losses, present):
        s = self.log_scales.value
        return tf.reduce_sum(tf.where(present, tf.exp(s) * losses - s, 0.0))
