"""Equal weights."""

import tensorflow as tf

from mtl_keras.weighting.base import LossWeighting
from mtl_keras.weighting.registry import register


@register("equal")
class Equal(LossWeighting):
    """Adds the task losses: w = 1 for each of T tasks (weights sum to T).

    Also called unitary scalarisation; the same as `weighting=None` up to float32 rounding.

    Example:
        >>> method = Equal()
        >>> method.build(["a", "b"])
        >>> float(method(losses=[1.0, 3.0]))
        4.0

    Reference:
        Kurin et al., "In Defense of the Unitary Scalarization for Deep Multi-Task Learning",
        NeurIPS 2022.
    """

    def weights(self, losses):
        return tf.ones_like(losses)
