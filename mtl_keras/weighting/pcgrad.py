"""Projecting conflicting gradients."""

import keras
import tensorflow as tf

from mtl_keras.weighting.base import GramianWeighting
from mtl_keras.weighting.registry import register


@register("pcgrad")
class PCGrad(GramianWeighting):
    """Takes from each task's gradient what conflicts with another's, then adds them.

    For each task i: h = g_i; for every j ≠ i in random order: if h·g_j < 0 then
    h ← h - (h·g_j)/‖g_j‖² g_j, with the original g_j; the direction is Σ h. The weights are at
    least 1 each (sum convention, as the paper's pseudo code); without a conflict they are 1.

    The official TensorFlow code never shuffles (the result of its shuffle is dropped); here
    each row has its own random order, as in the paper.

    Args:
        shuffle: bool, whether the order is random. `False`: ascending. Defaults to `True`.
        seed: int or `None`, seed of the orders. The state of the draws is saved with the model.

    Example:
        >>> method = PCGrad()
        >>> method.build(["a", "b"])
        >>> method(losses=[1.0, 1.0], gramian=[[1.0, -1.0], [-1.0, 4.0]]).numpy().tolist()
        [2.0, 1.25]

    Reference:
        Yu et al., "Gradient Surgery for Multi-Task Learning", NeurIPS 2020, arXiv 2001.06782,
        algorithm 1. Cost: T task gradients, then T steps of T x T work.
    """

    def __init__(self, shuffle=True, seed=None):
        super().__init__()
        self.shuffle = shuffle
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed) if shuffle else None

    def weights(self, gramian, present):
        square = tf.linalg.diag_part(gramian)

        def project(rows, other):
            """Takes from h_i = Σ rows_ij g_j what conflicts with one other task each."""
            dots = tf.reduce_sum(rows * tf.gather(gramian, other), axis=1)
            norms = tf.gather(square, other)
            conflict = (dots < 0) & (norms > 0) & (other != tf.range(self.num_tasks))
            cut = tf.where(conflict, dots / tf.where(norms > 0, norms, 1.0), 0.0)
            return (rows - cut[:, None] * tf.one_hot(other, self.num_tasks, dtype=rows.dtype),)

        (rows,) = self._visit(project)
        return tf.reduce_sum(tf.where(present[:, None], rows, 0.0), axis=0)

    def _visit(self, step, *state):
        """Lets each task meet every other one: `step(rows, *state, other)`, rows (T, T) from I."""
        tasks = self.num_tasks
        order = tf.tile(tf.range(tasks)[None], [tasks, 1])
        if self.shuffle:
            draws = tf.random.stateless_uniform(
                [tasks, tasks], tf.cast(self.seed_generator.next(), tf.int32)
            )
            order = tf.argsort(draws, axis=1)
        _, *state = tf.while_loop(
            lambda *_: True,
            lambda i, *state: (i + 1, *step(*state, tf.gather(order, i, axis=1))),
            (0, tf.eye(tasks, dtype=tf.float64), *state),
            maximum_iterations=tasks,
            parallel_iterations=1,
        )
        return state
