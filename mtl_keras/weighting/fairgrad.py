"""Fair resource allocation."""

import tensorflow as tf

from mtl_keras.weighting.base import GramianWeighting
from mtl_keras.weighting.registry import register
from mtl_keras.weighting.solvers import balance, unit_gramian


@register("fairgrad")
class FairGrad(GramianWeighting):
    """Shares the update fairly among the tasks: (G w)_i = w_i^(-1/alpha).

    The gain of task i is g_i·d = (G w)_i; the direction maximises Σ (g_i·d)^(1-alpha)/(1-alpha) on
    a ball. alpha = 1 is proportional fairness, the direction of `NashMTL`; alpha → ∞ helps the
    worst-off, as `MGDA`. The weights are positive and their sum is not fixed: for orthogonal
    gradients w_i = n_i^(-2alpha/(1+alpha)), so with gradients s times as long d is
    s^((1-alpha)/(1+alpha)) times as long. No task gets worse.

    Solved by Newton's method on the logarithms (`solvers.balance`), where the authors' code runs a
    least-squares search from 1/T, times T, that ends early for losses of unlike scale. No solution
    exists where a combination of the gradients with positive weights vanishes (to float32): the
    last good weights are kept, and counted in `failures`. A task whose gradient is zero
    weighs nothing. The authors' clip of the norm to 1 is the optimizer's matter.

    Args:
        alpha: float > 0. Defaults to 1, as in the authors' class; their scripts have 2.

    Raises:
        ValueError: alpha is not positive.

    Example:
        >>> method = FairGrad(alpha=2.0)
        >>> method.build(["a", "b"])
        >>> method(losses=[1.0, 1.0], gramian=[[1.0, 0.0], [0.0, 64.0]]).numpy().tolist()
        [1.0, 0.0625]

    Reference:
        Ban, Ji, "Fair Resource Allocation in Multi-Task Learning", ICML 2024, arXiv 2402.15638,
        equation 6. Cost: T task gradients, then at most 24 linear systems of T x T.
    """

    non_conflicting = True

    def __init__(self, alpha=1.0):
        super().__init__()
        if not 0 < alpha < float("inf"):
            raise ValueError(f"Argument `alpha` must be > 0 and finite. Received: alpha={alpha}")
        self.alpha = float(alpha)

    def weights(self, gramian):
        cosines, norms, _, live = unit_gramian(gramian)
        power = 1 / self.alpha
        logs = tf.where(live, tf.math.log(tf.where(live, norms, 1.0)), 0.0)
        mean = tf.reduce_sum(logs) / tf.maximum(tf.reduce_sum(tf.cast(live, norms.dtype)), 1.0)
        centred = tf.where(live, logs - mean, 0.0)
        log_x = balance(cosines, (power - 1) * centred, power, live)
        return tf.where(live, tf.exp(log_x - centred - 2 * mean / (1 + power)), 0.0)
