"""Robust multi-task learning with excess risks."""

import tensorflow as tf

from mtl_keras.weighting import simplex
from mtl_keras.weighting.base import JacobianWeighting
from mtl_keras.weighting.registry import register


@register("excess_mtl")
class ExcessMTL(JacobianWeighting):
    """Weighs a task by its excess risk: w_i ← w_i exp(η e_i / e_i⁰), then scaled to sum T.

    The excess risk e_i = Σ_p g_ip² / √(S_ip + 1e-7), S_ip the sum of all g_ip² so far, estimates
    how much of the loss can still be removed, so label noise does not count. e_i⁰ is the first
    that is not 0. The direction is Jᵀ w, and w weighs the losses: also the own variables of a task
    get their gradient times w_i. The w are not negative and sum to T (sum convention); in the
    first step they are 1.

    TorchJD lets the first step move w by the raw e_i. The logarithms of the w are kept, so that
    no weight is rounded to 0 for good.

    Args:
        robust_step_size: float, η. Defaults to 0.01, as in LibMTL; the authors' README has 1.

    Example:
        >>> method = ExcessMTL(robust_step_size=1.0)
        >>> method.build(["a", "b"], size=1)
        >>> _ = method(losses=[1.0, 1.0], jacobian=[[1.0], [1.0]])
        >>> _ = method(losses=[1.0, 1.0], jacobian=[[1.0], [2.0]])
        >>> [round(float(weight), 3) for weight in method.task_weights.numpy()]
        [0.506, 1.494]

    Reference:
        He et al., "Robust Multi-Task Learning with Excess Risks", ICML 2024, arXiv 2402.02009,
        algorithm 1. Cost: T task gradients, T x P work and a state of T x P.
    """

    def __init__(self, robust_step_size=1e-2):
        super().__init__()
        self.robust_step_size = float(robust_step_size)

    def setup(self):
        # A first risk of 0 stands for "not there yet".
        self.first_risks, self.log_weights = (
            self.add_weight(
                shape=(self.num_tasks,), initializer="zeros", trainable=False, name=name
            )
            for name in ("first_risks", "log_weights")
        )
        self.task_weights = self.add_weight(
            shape=(self.num_tasks,), initializer="ones", trainable=False, name="task_weights"
        )

    def setup_parameters(self, size):
        self.squares = self.add_weight(
            shape=(self.num_tasks, size), initializer="zeros", trainable=False, name="squares"
        )

    def direction(self, jacobian, present):
        squares = self.squares.value + tf.square(jacobian)
        risks = tf.reduce_sum(tf.square(jacobian) * tf.math.rsqrt(squares + 1e-7), axis=1)
        first = tf.where(self.first_risks.value > 0, self.first_risks.value, risks)
        old = self.log_weights.value
        new = old + self.robust_step_size * tf.math.divide_no_nan(risks, first)
        # The sum of the present weights stays, so that absent ones keep their share.
        new += _log_sum(old, present) - _log_sum(new, present)
        weights = tf.reduce_sum(tf.cast(present, tf.float32)) * simplex.softmax(new, present)
        good = present & tf.reduce_all(tf.math.is_finite(weights))
        for variable, value in (
            (self.first_risks, first),
            (self.log_weights, new),
            (self.task_weights, weights),
        ):
            variable.assign(tf.where(good, value, variable.value))
        self.squares.assign(tf.where(good[:, None], squares, self.squares.value))
        return tf.linalg.matvec(jacobian, weights, transpose_a=True)

    def own_weights(self, present):
        return tf.where(present, self.task_weights.value, 0.0)


def _log_sum(logs, present):
    """Returns the logarithm of the sum of exp(logs) over the present tasks."""
    return tf.reduce_logsumexp(tf.where(present, logs, float("-inf")))
