"""Geometric loss strategy."""

import tensorflow as tf

from mtl_keras.weighting.base import LossWeighting
from mtl_keras.weighting.registry import register
from mtl_keras.weighting.safe_log import safe_log


@register("gls")
class GLS(LossWeighting):
    """Minimises the geometric mean of the losses, (Π L_i)^(1/T).

    The weights are GLS / (T L_i), not negative; their sum is not fixed and at least 1. Computed as
    exp(mean log L_i): public codes multiply the losses, and the product of eight losses of
    1e-6 is 0 in float32. Losses must be positive; a loss of 0 has weight 0.

    Example:
        >>> method = GLS()
        >>> method.build(["a", "b"])
        >>> round(float(method(losses=[1.0, 4.0])), 6)
        2.0

    Reference:
        Chennupati et al., "MultiNet++: Multi-Stream Feature Aggregation and Geometric Loss
        Strategy for Multi-Task Learning", CVPR workshops 2019, arXiv 1904.08492. Cost: one
        backward pass.
    """

    def combine(self, losses, present):
        there = tf.cast(present, losses.dtype)
        mean = tf.math.divide_no_nan(tf.reduce_sum(there * safe_log(losses)), tf.reduce_sum(there))
        return tf.where(tf.reduce_any(present), tf.exp(mean), 0.0)
