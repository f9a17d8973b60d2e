"""Dual balancing: the logarithms of the losses, and gradients of one length."""

import tensorflow as tf

from mtl_keras.weighting.base import GramianWeighting
from mtl_keras.weighting.registry import register

_EPSILON = 1e-8


def log_slopes(losses, present):
    """Returns the slopes of log(L + 1e-8), 0 where a task is absent; losses below 0 count as 0."""
    return tf.where(present, 1 / (tf.maximum(losses, 0.0) + _EPSILON), 0.0)


@register("db_mtl")
class DBMTL(GramianWeighting):
    """Gives the gradients of the log losses one length, that of the longest, and adds them.

    w_i = max_j(n_j / L_j) / n_i with n_i the norm of g_i, so that d = max_j(n_j / L_j) Σ g_i / n_i
    for any
    gradients: the scale of a loss does not matter. The weights are not negative and their sum is
    not fixed. The own variables of a task get the gradient of log L_i.

    This is the method without its running averages (the paper's β = 0), which is a matter of norms
    only; `DBMTLAveraged` has them. As in the authors' code 1e-8 is added to the losses, which must
    be positive; they also add it to the norms. A task whose gradient is zero weighs nothing.

    Example:
        >>> method = DBMTL()
        >>> method.build(["a", "b"])
        >>> method(losses=[1.0, 2.0], gramian=[[1.0, 0.0], [0.0, 64.0]]).numpy().tolist()
        [4.0, 0.5]

    Reference:
        Lin et al., "Dual-Balancing for Multi-Task Learning", arXiv 2308.12029, algorithm 1. Cost: T
        task gradients.
    """

    def weights(self, gramian, losses, present):
        norms = tf.sqrt(tf.linalg.diag_part(gramian))
        longest = tf.reduce_max(norms * tf.cast(log_slopes(losses, present), norms.dtype))
        live = norms != 0
        return tf.where(live, longest / tf.where(live, norms, 1.0), 0.0)

    def own_weights(self, losses, present):
        return log_slopes(losses, present)
