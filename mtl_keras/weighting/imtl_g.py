"""Impartial multi-task learning, the gradient part."""

import tensorflow as tf

from mtl_keras.weighting.base import GramianWeighting
from mtl_keras.weighting.registry import register
from mtl_keras.weighting.solvers import least_norm, unit_gramian


@register("imtl_g")
class IMTLG(GramianWeighting):
    """Makes all tasks equal: the direction has one and the same projection on every unit gradient.

    With the cosines C and the norms n: C x = 1, w_i ∝ x_i / n_i. The weights sum to 1 (the mean is
    the scale to compare with) and may be negative. Of dependent gradients the shortest x is
    taken (eigenvalues of C below 1e-10 of the largest count as 0); a task whose gradient is zero
    weighs nothing.

    As in the public codes, the rule stands where Σ x_i / n_i is negative, and then every task
    gets worse; use `ConFIG`, the same direction with its sign, where that matters. Where the sum
    vanishes (opposed gradients) there are no such weights: the update is 0, counted in
    `failures`.

    The closed form of the authors' code inverts differences of gradients and fails on dependent
    ones. The paper takes the gradients at the shared features: `Jacobian(at="features")`.

    Example:
        >>> method = IMTLG()
        >>> method.build(["a", "b"])
        >>> method(losses=[1.0, 1.0], gramian=[[1.0, 0.0], [0.0, 9.0]]).numpy().tolist()
        [0.75, 0.25]

    Reference:
        Liu et al., "Towards Impartial Multi-task Learning", ICLR 2021, section 3.1. Cost: T task
        gradients, then one T x T eigenvalue problem.
    """

    def weights(self, gramian):
        cosines, norms, inverse, live = unit_gramian(gramian)
        x = least_norm(cosines, tf.cast(live, norms.dtype))
        a = inverse * x
        total = tf.reduce_sum(a)
        # Where no direction has equal projections x is noise; Σ x_i is its squared length.
        none = (tf.abs(total) <= 1e-12 * tf.reduce_sum(tf.abs(a))) | (tf.reduce_sum(x) <= 1e-12)
        self.failures.assign_add(tf.cast(none & tf.reduce_any(live), tf.int64))
        return tf.where(~none, a / tf.where(~none, total, 1.0), 0.0)
