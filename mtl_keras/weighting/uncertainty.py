"""Weights learned as homoscedastic uncertainties."""

import tensorflow as tf

from mtl_keras.errors import unknown
from mtl_keras.weighting.base import LossWeighting
from mtl_keras.weighting.registry import register

_FORMS = {  # the factor of exp(-s) L, and the other term
    "regression": (0.5, lambda s: 0.5 * s),
    "classification": (1.0, lambda s: 0.5 * s),
    "liebel": (0.5, tf.math.softplus),
}


@register("uncertainty")
class Uncertainty(LossWeighting):
    """Learns a variance for each task: Σ (½ exp(-s_i) L_i + ½ s_i), s_i the log variance.

    The weights are ½ exp(-s_i), their sum is not fixed. The s_i are trained by the model's
    optimizer. The paper has the regression form, which as in the public implementations serves
    every kind of task, and for classification exp(-s) L + ½ s. Liebel and Körner put
    log(1 + exp(s)) for ½ s, which is positive, so that no objective is negative.

    Args:
        initial_log_variance: float, s_i at the start. Defaults to 0.
        form: `"regression"`, `"classification"` or `"liebel"`, for all tasks. Defaults to
            `"regression"`.

    Raises:
        ValueError: the form is not known.

    Example:
        >>> method = Uncertainty()
        >>> method.build(["a", "b"])
        >>> float(method(losses=[1.0, 3.0]))
        2.0

    Reference:
        Kendall, Gal, Cipolla, "Multi-Task Learning Using Uncertainty to Weigh Losses for Scene
        Geometry and Semantics", CVPR 2018, arXiv 1705.07115; Liebel, Körner, "Auxiliary Tasks in
        Multi-task Learning", 2018, arXiv 1805.06334.
    """

    def __init__(self, initial_log_variance=0.0, form="regression"):
        super().__init__()
        if form not in _FORMS:
            raise unknown("form", form, _FORMS)
        self.initial_log_variance = float(initial_log_variance)
        self.form = form

    def setup(self):
        self.log_variances = self.add_weight(
            shape=(self.num_tasks,),
            initializer=lambda shape, dtype: tf.fill(shape, self.initial_log_variance),
            name="log_variances",
        )

    def combine(self, losses, present):
        s, (factor, other) = self.log_variances.value, _FORMS[self.form]
        terms = factor * tf.exp(-s) * losses + other(s)
        return tf.reduce_sum(tf.where(present, terms, 0.0))
