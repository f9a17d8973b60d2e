"""Coordinate-wise trimmed mean."""

import tensorflow as tf

from mtl_keras.weighting.base import JacobianWeighting
from mtl_keras.weighting.registry import register


@register("trimmed_mean")
class TrimmedMean(JacobianWeighting):
    """Averages, at each coordinate, what is left without the k largest and k smallest gradients.

    The mean is the scale to compare with: k = 0 is the mean, T = 3 with k = 1 the median. Needs
    T ≥ 2k + 1 tasks. In a step where fewer are present, as many are trimmed as leave one.

    Args:
        trim_number: int >= 0, k. Defaults to 1.

    Raises:
        ValueError: `trim_number` is negative, or, when built, too large for the tasks.

    Example:
        >>> method = TrimmedMean()
        >>> method.build(["a", "b", "c"])
        >>> method(losses=[1.0] * 3, jacobian=[[1.0, 5.0], [9.0, 4.0], [2.0, 0.0]]).numpy().tolist()
        [2.0, 4.0]

    Reference:
        Yin, Chen, Ramchandran, Bartlett, "Byzantine-Robust Distributed Learning: Towards Optimal
        Statistical Rates", ICML 2018, arXiv 1803.01498. Cost: T task gradients and a sort of
        each column of the T x P matrix.
    """

    def __init__(self, trim_number=1):
        super().__init__()
        if trim_number < 0:
            raise ValueError(
                f"Argument `trim_number` must be >= 0. Received: trim_number={trim_number}"
            )
        self.trim_number = int(trim_number)

    def setup(self):
        if self.num_tasks < 2 * self.trim_number + 1:
            raise ValueError(
                f"Argument `trim_number` must be at most {(self.num_tasks - 1) // 2} for "
                f"{self.num_tasks} tasks. Received: trim_number={self.trim_number}"
            )

    def direction(self, jacobian, present):
        count = tf.reduce_sum(tf.cast(present, tf.int32))
        trimmed = tf.maximum(tf.minimum(self.trim_number, (count - 1) // 2), 0)
        ordered = tf.sort(tf.where(present[:, None], jacobian, float("inf")), axis=0)
        place = tf.range(self.num_tasks)
        kept = (place >= trimmed) & (place < count - trimmed)
        total = tf.reduce_sum(tf.where(kept[:, None], ordered, 0.0), axis=0)
        return total / tf.cast(tf.maximum(count - 2 * trimmed, 1), total.dtype)
