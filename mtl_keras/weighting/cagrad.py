"""Conflict-averse gradient descent."""

import tensorflow as tf

from mtl_keras.weighting.base import GramianWeighting
from mtl_keras.weighting.registry import register
from mtl_keras.weighting.solvers import highest_level, unit_gramian


@register("cagrad")
class CAGrad(GramianWeighting):
    """Helps the worst-off task most, in a ball around the mean gradient g₀.

    d maximises min_i g_i·d subject to ‖d - g₀‖ ≤ c ‖g₀‖. The weights are at least 1/T each, with
    sum 1 + c ‖g₀‖ / ‖g_w‖; the mean times 1 + c is the scale to compare with. With c = 0 it is the
    mean, for large c the direction of `MGDA`; no task gets worse for certain only if c ≥ 1.

    The maximum is exact (`solvers.highest_level`), also for losses of very different scale, where
    the SLSQP of the public codes is wrong without a warning. A task whose gradient is zero
    counts in the mean and is left out of the minimum (it would allow nothing else). Where no d
    raises every task the nearest to g₀ that lowers none is taken, as far as the ball goes.

    Args:
        c: float >= 0, the radius. Defaults to 0.5, as in the authors' code; the paper tunes it in
            [0, 1).
        rescale: 0, 1 or 2: d is divided by 1, 1 + c² or 1 + c. Defaults to 0, the paper's
            formula; the authors' code for NYUv2 and Cityscapes has 1.

    Raises:
        ValueError: an argument out of range.

    Example:
        >>> method = CAGrad(c=1.0)
        >>> method.build(["a", "b"])
        >>> method(losses=[1.0, 1.0], gramian=[[1.0, 0.0], [0.0, 1.0]]).numpy().round(6).tolist()
        [1.0, 1.0]

    Reference:
        Liu et al., "Conflict-Averse Gradient Descent for Multi-task Learning", NeurIPS 2021, arXiv
        2110.14048, equation 1. Cost: T task gradients, then at most 2T + 4 pivots of T x T work.
    """

    def __init__(self, c=0.5, rescale=0):
        super().__init__()
        if not 0 <= c < float("inf"):
            raise ValueError(f"Argument `c` must be >= 0 and finite. Received: c={c}")
        if rescale not in (0, 1, 2):
            raise ValueError(f"Argument `rescale` must be 0, 1 or 2. Received: rescale={rescale}")
        self.c = float(c)
        self.rescale = int(rescale)

    def weights(self, gramian, present):
        cosines, norms, inverse, live = unit_gramian(gramian)
        mean = tf.cast(present, norms.dtype)
        mean /= tf.maximum(tf.reduce_sum(mean), 1.0)
        along = tf.linalg.matvec(cosines, norms * mean)
        length = tf.sqrt(tf.maximum(tf.reduce_sum(norms * mean * along), 0.0))
        room = ~(length <= 1e-10 * tf.reduce_max(norms))  # else the mean vanishes, and the ball
        offset = tf.where(live & room, along / tf.where(room, length, 1.0), 1.0)
        shortest = tf.reduce_min(tf.where(live, norms, tf.float64.max))
        x = highest_level(cosines, offset, shortest * inverse, self.c)
        weights = mean + tf.where(room, length * inverse * x, 0.0)
        return weights / (1.0, 1.0 + self.c**2, 1.0 + self.c)[self.rescale]
