"""Weights learned as homoscedastic uncertainties."""

import tensorflow as tf

from mtl_keras.weighting.base import LossWeighting
from mtl_keras.weighting.registry import register


@register("uncertainty")
class Uncertainty(LossWeighting):
    """Learns a variance for each task: Σ (½ exp(-s_i) L_i + ½ s_i), s_i the log variance.

    The weights are ½ exp(-s_i), their sum is not fixed. The s_i are trained by the model's
    optimizer. The regression form of the paper serves every kind of task, as in the
    public implementations; the paper writes exp(-s) L + ½ s for classification.

    Args:
        initial_log_variance: float, s_i at the start. Defaults to 0.

    Example:
        >>> method = Uncertainty()
        >>> method.build(["a", "b"])
        >>> float(method(losses=[1.0, 3.0]))
        2.0

    Reference:
        Kendall, Gal, Cipolla, "Multi-Task Learning Using Uncertainty to Weigh Losses for Scene
        Geometry and Semantics", CVPR 2018, arXiv 1705.07115.
    """

    def __init__(self, initial_log_variance=0.0):
        super().__init__()
        self.initial_log_variance = float(initial_log_variance)

    def setup(self):
        self.log_variances = self.add_weight(
            shape=(self.num_tasks,),
            initializer=lambda shape, dtype: tf.fill(shape, self.initial_log_variance),
            name="log_variances",
        )

    def combine(self, losses, present):
        s = self.log_variances.value
        terms = 0.5 * tf.exp(-s) * losses + 0.5 * s
        return tf.reduce_sum(tf.where(present, terms, 0.0))
