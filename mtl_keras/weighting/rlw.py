"""Random loss weighting."""

import keras
import tensorflow as tf

from mtl_keras.errors import unknown
from mtl_keras.weighting import simplex
from mtl_keras.weighting.base import LossWeighting
from mtl_keras.weighting.registry import register

_DISTRIBUTIONS = ("normal", "dirichlet")


@register("rlw")
class RLW(LossWeighting):
    """Draws the weights anew in every step: w = softmax(N(0, I)) or w ~ Dirichlet(1, ..., 1).

    The weights are not negative and sum to 1; on average each is 1/T (the mean is the scale to
    compare with).

    Args:
        distribution: `"normal"` or `"dirichlet"`. Defaults to `"normal"`, as in public code.
        seed: int or `None`, seed of the draws. Their state is saved with the model.

    Raises:
        ValueError: the distribution is not known.

    Example:
        >>> method = RLW(seed=0)
        >>> method.build(["a", "b"])
        >>> round(float(method(losses=[2.0, 2.0])), 5)
        2.0

    Reference:
        Lin, Ye, Zhang, Tsang, "Reasonable Effectiveness of Random Weighting: A Litmus Test for
        Multi-Task Learning", TMLR 2022, arXiv 2111.10603. Cost: one backward pass.
    """

    def __init__(self, distribution="normal", seed=None):
        super().__init__()
        if distribution not in _DISTRIBUTIONS:
            raise unknown("distribution", distribution, _DISTRIBUTIONS)
        self.distribution = distribution
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def weights(self, present):
        shape = (self.num_tasks,)
        if self.distribution == "normal":
            scores = keras.random.normal(shape, dtype="float32", seed=self.seed_generator)
        else:
            # Exponential draws over their sum; their logarithms, for the softmax to undo.
            draws = keras.random.uniform(
                shape, minval=1e-30, dtype="float32", seed=self.seed_generator
            )
            scores = tf.math.log(-tf.math.log(draws))
        return simplex.softmax(scores, present)
