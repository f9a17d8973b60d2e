"""The mean gradient, projected on what hurts no task."""

import tensorflow as tf

from mtl_keras.weighting.base import GramianWeighting
from mtl_keras.weighting.registry import register
from mtl_keras.weighting.solvers import nnqp, unit_gramian


@register("dualproj")
class DualProj(GramianWeighting):
    """Projects the mean gradient on the dual cone {d : g_i·d ≥ 0 for all i}.

    w = argmin vᵀGv over v ≥ 1/T. The weights are at least 1/T each; without a conflict the
    direction is the mean, which is the scale to compare with. No task's loss grows to first order,
    also with dependent gradients. The minimiser is exact (`solvers.nnqp`) at any scale: TorchJD
    adds 1e-4 to the diagonal of the trace-normalised Gramian, and then conflicts remain.

    Gradient episodic memory itself projects the current task's gradient and adds a margin; this is
    its reading by Quinton and Rey. A task whose gradient is zero keeps 1/T.

    Example:
        >>> method = DualProj()
        >>> method.build(["a", "b"])
        >>> method(losses=[1.0, 1.0], gramian=[[1.0, -2.0], [-2.0, 8.0]]).numpy().tolist()
        [1.0, 0.5]

    Reference:
        Lopez-Paz, Ranzato, "Gradient Episodic Memory for Continual Learning", NeurIPS 2017, arXiv
        1706.08840; Quinton, Rey, arXiv 2406.16232. Cost: T task gradients, then at most 2T + 4
        pivots of T x T work.
    """

    non_conflicting = True

    def weights(self, gramian, present):
        cosines, norms, inverse, _ = unit_gramian(gramian)
        mean = tf.cast(present, norms.dtype)
        mean /= tf.maximum(tf.reduce_sum(mean), 1.0)
        against = -tf.linalg.matvec(cosines, norms * mean)
        return mean + inverse * nnqp(cosines, against[None])[0]
