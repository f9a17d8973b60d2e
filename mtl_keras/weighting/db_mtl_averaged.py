"""Dual balancing with running averages of the gradients."""

import tensorflow as tf

from mtl_keras.weighting.base import JacobianWeighting
from mtl_keras.weighting.db_mtl import log_slopes
from mtl_keras.weighting.registry import register


@register("db_mtl_averaged")
class DBMTLAveraged(JacobianWeighting):
    """Gives running averages of the gradients of the log losses one length, and adds them.

    With h_i = ∇ log L_i: m_i ← h_i + β_k (m_i - h_i), m_i = 0 at first, β_k = beta / k^beta_sigma
    in the k-th step with a label of the task; d = max_j ‖m_j‖ Σ m_i / ‖m_i‖. The first steps are
    1 - β times as long as those without averages (`DBMTL`, which needs no Jacobian). The sum is
    the scale to compare with. The own variables of a task get the gradient of log L_i.

    As in the authors' code 1e-8 is added to the losses, which must be positive; they also add it to
    the norms.

    Args:
        beta: float in [0, 1). Defaults to 0.9, as in the authors' code; the paper tunes it.
        beta_sigma: float >= 0. Defaults to 0, as there.

    Raises:
        ValueError: an argument out of range.

    Example:
        >>> method = DBMTLAveraged(beta=0.5)
        >>> method.build(["a", "b"], size=2)
        >>> rows = [[1.0, 0.0], [0.0, 8.0]]
        >>> method(losses=[1.0, 2.0], jacobian=rows).numpy().tolist()
        [2.0, 2.0]

    Reference:
        Lin et al., "Dual-Balancing for Multi-Task Learning", arXiv 2308.12029, algorithm 1. Cost: T
        task gradients, T x P work and a state of T x P.
    """

    def __init__(self, beta=0.9, beta_sigma=0.0):
        super().__init__()
        if not 0 <= beta < 1:
            raise ValueError(f"Argument `beta` must be >= 0 and < 1. Received: beta={beta}")
        if not beta_sigma >= 0:
            raise ValueError(
                f"Argument `beta_sigma` must be >= 0. Received: beta_sigma={beta_sigma}"
            )
        self.beta = float(beta)
        self.beta_sigma = float(beta_sigma)

    def setup(self):
        self.updates = self.add_weight(
            shape=(self.num_tasks,), initializer="zeros", trainable=False, name="updates"
        )

    def setup_parameters(self, size):
        self.averages = self.add_weight(
            shape=(self.num_tasks, size), initializer="zeros", trainable=False, name="averages"
        )

    def direction(self, jacobian, losses, present):
        count = self.updates.value + 1
        beta = (self.beta / count**self.beta_sigma)[:, None]
        logs = jacobian * log_slopes(losses, present)[:, None]
        averages = logs + beta * (self.averages.value - logs)
        kept = present & tf.reduce_all(tf.math.is_finite(averages))
        self.averages.assign(tf.where(kept[:, None], averages, self.averages.value))
        self.updates.assign(tf.where(kept, count, self.updates.value))
        rows = tf.where(present[:, None], tf.cast(averages, tf.float64), 0.0)
        norms = tf.norm(rows, axis=1)
        weights = tf.reduce_max(norms) / tf.where(norms > 0, norms, 1.0)
        return tf.cast(tf.linalg.matvec(rows, weights, transpose_a=True), tf.float32)

    def own_weights(self, losses, present):
        return log_slopes(losses, present)
