"""Krum and Multi-Krum."""

import tensorflow as tf

from mtl_keras.weighting.base import GramianWeighting
from mtl_keras.weighting.registry import register


@register("krum")
class Krum(GramianWeighting):
    """Averages the m gradients that lie nearest to others: Krum with m = 1, Multi-Krum above.

    The score of task i is the sum of its T - f - 2 smallest squared distances ‖g_i - g_j‖²; the m
    tasks with the lowest scores get weight 1/m, the others 0 (the mean is the scale to compare
    with). Of equal scores the first task wins. f of the tasks may be arbitrarily wrong, which takes
    T ≥ f + 3. TorchJD sums distances that are not squared; the choice can differ.

    In a step where fewer tasks are present, at least one distance is summed, and at most those
    present are averaged.

    Args:
        n_byzantine: int >= 0, f. Defaults to 0.
        n_selected: int >= 1, m. Defaults to 1.

    Raises:
        ValueError: an argument out of range, or, when built, too few tasks.

    Example:
        >>> method = Krum()
        >>> method.build(["a", "b", "c"])
        >>> gramian = [[1.0, 1.0, -9.0], [1.0, 2.0, -9.0], [-9.0, -9.0, 81.0]]
        >>> method(losses=[1.0] * 3, gramian=gramian).numpy().tolist()
        [1.0, 0.0, 0.0]

    Reference:
        Blanchard et al., "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent",
        NeurIPS 2017, arXiv 1703.02757, section 4. Cost: T task gradients, then a sort of T x T.
    """

    def __init__(self, n_byzantine=0, n_selected=1):
        super().__init__()
        for name, value, least in (("n_byzantine", n_byzantine, 0), ("n_selected", n_selected, 1)):
            if int(value) != value or value < least:
                raise ValueError(
                    f"Argument `{name}` must be a whole number >= {least}. Received: {name}={value}"
                )
        self.n_byzantine = int(n_byzantine)
        self.n_selected = int(n_selected)

    def setup(self):
        if self.num_tasks < self.n_byzantine + 3:
            raise ValueError(
                f"Krum with n_byzantine={self.n_byzantine} needs {self.n_byzantine + 3} tasks or "
                f"more. Received: {self.num_tasks} tasks"
            )
        if self.n_selected > self.num_tasks:
            raise ValueError(
                f"Argument `n_selected` must be at most the number of tasks, {self.num_tasks}. "
                f"Received: n_selected={self.n_selected}"
            )

    def weights(self, gramian, present):
        square = tf.linalg.diag_part(gramian)
        distances = tf.maximum(square[:, None] + square[None, :] - 2 * gramian, 0.0)
        others = present[None, :] & ~tf.eye(self.num_tasks, dtype=tf.bool)
        nearest = tf.sort(tf.where(others, distances, float("inf")), axis=1)
        count = tf.reduce_sum(tf.cast(present, tf.int32))
        summed = tf.range(self.num_tasks) < tf.minimum(
            tf.maximum(count - self.n_byzantine - 2, 1), count - 1
        )
        scores = tf.reduce_sum(tf.where(summed[None, :], nearest, 0.0), axis=1)
        order = tf.argsort(tf.where(present, scores, float("inf")), stable=True)
        rank = tf.argsort(order, stable=True)
        selected = tf.minimum(self.n_selected, tf.maximum(count, 1))
        return tf.cast(rank < selected, square.dtype) / tf.cast(selected, square.dtype)
