"""The sum of the logarithms of the losses."""

import tensorflow as tf

from mtl_keras.weighting.base import LossWeighting
from mtl_keras.weighting.registry import register
from mtl_keras.weighting.safe_log import safe_log


@register("scale_invariant")
class ScaleInvariant(LossWeighting):
    """Minimises Σ log L_i, so that no loss's unit of measurement matters.

    The weights are 1 / L_i, not negative; their sum is not fixed. Losses must be positive; a loss
    of 0 has weight 0.

    Example:
        >>> method = ScaleInvariant()
        >>> method.build(["a", "b"])
        >>> round(float(method(losses=[0.5, 8.0])), 4)
        1.3863

    Reference:
        The baseline SI of Navon et al., "Multi-Task Learning as a Bargaining Game", ICML 2022,
        arXiv 2202.01017. Cost: one backward pass.
    """

    def combine(self, losses, present):
        return tf.reduce_sum(tf.where(present, safe_log(losses), 0.0))
