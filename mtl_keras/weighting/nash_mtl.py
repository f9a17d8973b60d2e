"""A bargaining game between the tasks."""

import tensorflow as tf

from mtl_keras.weighting.fairgrad import FairGrad
from mtl_keras.weighting.registry import register


@register("nash_mtl")
class NashMTL(FairGrad):
    """Finds the Nash bargaining solution: w_i (G w)_i = 1.

    The direction maximises Σ log g_i·d on a ball and does not depend on the scale of any loss; its
    length is √T at any scale, and 1 with the default `max_norm`. The weights are positive and their
    sum is not fixed. No task gets worse.

    Solved by Newton's method (`solvers.balance`), where the authors' code runs a sequence of convex
    programs that ends early for losses of unlike scale; `Jacobian(every=...)` stands for its
    `update_weights_every`. No solution exists where a combination of the gradients with
    positive weights vanishes (to float32): the last good weights are kept, as there, and counted in
    `failures`. A task whose gradient is zero weighs nothing.

    Args:
        max_norm: float >= 0, the length that d is cut to; 0: not cut. Defaults to 1, as in the
            authors' code.

    Raises:
        ValueError: `max_norm` is negative.

    Example:
        >>> method = NashMTL(max_norm=0)
        >>> method.build(["a", "b"])
        >>> method(losses=[1.0, 1.0], gramian=[[1.0, 0.0], [0.0, 4.0]]).numpy().tolist()
        [1.0, 0.5]

    Reference:
        Navon et al., "Multi-Task Learning as a Bargaining Game", ICML 2022, arXiv 2202.01017,
        claim 3.1. Cost: T task gradients, then at most 24 linear systems of T x T.
    """

    def __init__(self, max_norm=1.0):
        super().__init__(alpha=1.0)
        if not 0 <= max_norm < float("inf"):
            raise ValueError(
                f"Argument `max_norm` must be >= 0 and finite. Received: max_norm={max_norm}"
            )
        self.max_norm = float(max_norm)

    def weights(self, gramian):
        weights = super().weights(gramian)
        if not self.max_norm:
            return weights
        # ‖d‖² = Σ w_i (G w)_i, one for each task that is not stationary.
        length = tf.sqrt(tf.reduce_sum(tf.cast(tf.linalg.diag_part(gramian) > 0, tf.float64)))
        return weights * tf.minimum(self.max_norm / tf.maximum(length, 1.0), 1.0)
