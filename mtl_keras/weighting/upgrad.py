"""The mean of the gradients, each projected on what hurts no task."""

import tensorflow as tf

from mtl_keras.weighting.base import GramianWeighting
from mtl_keras.weighting.registry import register
from mtl_keras.weighting.solvers import nnqp, unit_gramian


@register("upgrad")
class UPGrad(GramianWeighting):
    """Projects every task's gradient on the dual cone {d : g_i·d ≥ 0 for all i}, then averages.

    For each task i: v = argmin vᵀGv over v ≥ e_i / T; w is the sum of the v. The weights are at
    least 1/T each; without a conflict the direction is the mean, which is the scale to compare
    with. No task's loss grows to first order, also with dependent gradients, and the direction is
    linear in the scale of each loss. For two tasks it is half of `PCGrad`.

    The minimisers are exact (`solvers.nnqp`) at any scale: TorchJD adds 1e-4 to the diagonal of the
    trace-normalised Gramian and takes traces below 1e-4 for zero; then conflicts remain. A
    task whose gradient is zero keeps 1/T.

    Example:
        >>> method = UPGrad()
        >>> method.build(["a", "b"])
        >>> method(losses=[1.0, 1.0], gramian=[[1.0, -1.0], [-1.0, 4.0]]).numpy().tolist()
        [1.0, 0.625]

    Reference:
        Quinton, Rey, "Jacobian Descent for Multi-Objective Optimization", arXiv 2406.16232. Cost:
        T task gradients, then at most 2T + 4 pivots of T x T x T work.
    """

    non_conflicting = True

    def weights(self, gramian, present):
        cosines, norms, inverse, live = unit_gramian(gramian)
        against = tf.where(live[:, None], -cosines, 0.0)
        z = nnqp(cosines, against)
        share = tf.cast(present, norms.dtype)
        share /= tf.maximum(tf.reduce_sum(share), 1.0)
        return share + inverse * tf.linalg.matvec(z, norms * share, transpose_a=True)
