"""Alignment of the principal components of the task gradients."""

import tensorflow as tf

from mtl_keras.errors import unknown
from mtl_keras.weighting.base import GramianWeighting
from mtl_keras.weighting.registry import register
from mtl_keras.weighting.solvers import eigh
from mtl_keras.weighting.solvers.eigen import CUT

_SCALE_MODES = ("min", "median", "rmse")


@register("aligned_mtl")
class AlignedMTL(GramianWeighting):
    """Makes the task gradients orthogonal and of one length, as near to themselves as can be.

    With G = V Λ Vᵀ: w = √s V Λ^(-1/2) Vᵀ 1, over the eigenvalues that are not zero; s is the
    smallest of them, their lower median or their mean. The sum is the scale to compare with
    (TorchJD takes the mean); weights may be negative and single tasks may get worse.

    Eigenvalues below 1e-10 of the largest count as 0; the cut is part of the definition, as it
    decides what is the smallest. The authors cut at T times the
    rounding of the floating type, where rounding itself decides in float32.

    Args:
        scale_mode: `"min"`, `"median"` or `"rmse"` (the mean of the eigenvalues). Defaults to
            `"min"`, the authors'.

    Raises:
        ValueError: the scale mode is not known.

    Example:
        >>> method = AlignedMTL()
        >>> method.build(["a", "b"])
        >>> method(losses=[1.0, 1.0], gramian=[[1.0, 0.0], [0.0, 4.0]]).numpy().tolist()
        [1.0, 0.5]

    Reference:
        Senushkin et al., "Independent Component Alignment for Multi-Task Learning", CVPR 2023,
        arXiv 2305.19000, algorithm 1. Cost: T task gradients, then one T x T eigenvalue problem.
    """

    def __init__(self, scale_mode="min"):
        super().__init__()
        if scale_mode not in _SCALE_MODES:
            raise unknown("scale mode", scale_mode, _SCALE_MODES)
        self.scale_mode = scale_mode

    def weights(self, gramian, present):
        largest = tf.reduce_max(tf.linalg.diag_part(gramian))
        values, vectors = eigh(gramian / tf.where(largest > 0, largest, 1.0))
        keep = ~(values <= CUT * tf.reduce_max(values)) & (largest != 0)
        kept = tf.where(keep, values, 1.0)
        parts = tf.linalg.matvec(vectors, tf.cast(present, values.dtype), transpose_a=True)
        parts = tf.where(keep, parts * tf.sqrt(self._scale(values, keep) / kept), 0.0)
        return tf.linalg.matvec(vectors, parts)

    def _scale(self, values, keep):
        """Returns s; the kept eigenvalues are the last ones, ascending."""
        number = tf.reduce_sum(tf.cast(keep, tf.int32))
        first = tf.minimum(self.num_tasks - number, self.num_tasks - 1)
        # Gathered: XLA takes the index of a slice for a constant and compiles for each value anew.
        if self.scale_mode == "min":
            return tf.gather(values, first)
        if self.scale_mode == "median":
            return tf.gather(values, first + tf.maximum(number - 1, 0) // 2)
        kept = tf.where(keep, values, 0.0)
        return tf.reduce_sum(kept) / tf.cast(tf.maximum(number, 1), values.dtype)
