"""Multiple-gradient descent."""

import tensorflow as tf

from mtl_keras.weighting.base import GramianWeighting
from mtl_keras.weighting.registry import register
from mtl_keras.weighting.solvers import nnqp, unit_gramian

_NORMALIZATIONS = ("none", "l2", "loss", "loss+")


@register("mgda")
class MGDA(GramianWeighting):
    """Finds the shortest convex combination of the task gradients: w = argmin wᵀGw on the simplex.

    The weights are not negative and sum to 1 (the mean is the scale to compare with). The
    minimiser is exact (`solvers.nnqp`), where the public codes stop early. With a normalisation the
    rows are divided by q_i and the normalised gradients are combined, so that the weights on
    the task gradients are w_i / q_i; the authors' code applies w to the raw losses instead.
    A task whose gradient is zero makes the shortest combination zero: all weight goes there.

    Args:
        normalization: `"none"`, `"l2"` (q = ‖g‖), `"loss"` (q = L) or `"loss+"` (q = L ‖g‖).
            Defaults to `"none"`.

    Raises:
        ValueError: the normalisation is not known.

    Example:
        >>> method = MGDA()
        >>> method.build(["a", "b"])
        >>> method(losses=[1.0, 1.0], gramian=[[1.0, 0.0], [0.0, 3.0]]).numpy().tolist()
        [0.75, 0.25]

    Reference:
        Désidéri, Comptes Rendus Mathématique 350, 2012; Sener, Koltun, "Multi-Task Learning as
        Multi-Objective Optimization", NeurIPS 2018, arXiv 1810.04650. Cost: T task gradients.
    """

    non_conflicting = True

    def __init__(self, normalization="none"):
        super().__init__()
        if normalization not in _NORMALIZATIONS:
            raise ValueError(
                f"Argument `normalization` must be one of {', '.join(_NORMALIZATIONS)}. "
                f"Received: normalization={normalization!r}"
            )
        self.normalization = normalization

    def weights(self, gramian, losses, present):
        cosines, norms, inverse, live = unit_gramian(gramian)
        q = tf.ones_like(norms)
        if self.normalization in ("l2", "loss+"):
            q = tf.where(live, norms, 1.0)
        if self.normalization in ("loss", "loss+"):
            q *= tf.where(losses > 0, tf.cast(losses, q.dtype), 1.0)
        lengths = norms / q
        shortest = tf.reduce_min(tf.where(live, lengths, tf.float64.max))
        a = tf.where(live, shortest * inverse * q, 0.0)
        z = a * nnqp(cosines + a[:, None] * a[None, :], a[None])[0]
        stationary = tf.cast(present & ~live, q.dtype)
        z = tf.where(tf.reduce_any(stationary > 0), stationary, z)
        return z / tf.reduce_sum(z) / q
