"""Conflict-free inverse gradients."""

import tensorflow as tf

from mtl_keras.weighting.base import GramianWeighting
from mtl_keras.weighting.registry import register
from mtl_keras.weighting.solvers import least_norm, unit_gramian


@register("config")
class ConFIG(GramianWeighting):
    """Goes where the cosines with all task gradients are equal, as far as they reach there.

    The direction b is the unit vector along U⁺1, U the unit gradients as rows; d = (Σ g_i·b) b.
    With the cosines C and the norms n: C x = 1, w_i = (x_i / n_i) nᵀCx / xᵀCx. The sum is the scale
    to compare with; weights may be negative. The direction does not depend on the scale of the
    losses.

    No task gets worse if the gradients are independent. Of dependent ones the shortest x is taken
    (eigenvalues of C below 1e-10 of the largest count as 0), and single tasks may get worse. A
    task whose gradient is zero weighs nothing; the official code gives it a say in the inverse.
    Where no direction has equal cosines (opposed gradients) the update is 0, counted in
    `failures`. The momentum versions of the paper are not here.

    Example:
        >>> method = ConFIG()
        >>> method.build(["a", "b"])
        >>> method(losses=[1.0, 1.0], gramian=[[1.0, 0.0], [0.0, 16.0]]).numpy().tolist()
        [2.5, 0.625]

    Reference:
        Liu, Chu, Thuerey, "ConFIG: Towards Conflict-free Training of Physics Informed Neural
        Networks", ICLR 2025, arXiv 2408.11104, equation 2. Cost: T task gradients, then one T x T
        eigenvalue problem.
    """

    def weights(self, gramian):
        cosines, norms, inverse, live = unit_gramian(gramian)
        x = least_norm(cosines, tf.cast(live, norms.dtype))
        along = tf.linalg.matvec(cosines, x)
        square = tf.reduce_sum(x * along)
        sound = ~(square <= 1e-12)  # else x is noise
        self.failures.assign_add(tf.cast(~sound & tf.reduce_any(live), tf.int64))
        length = tf.reduce_sum(norms * along) / tf.where(sound, square, 1.0)
        return tf.where(sound, inverse * x * length, 0.0)
