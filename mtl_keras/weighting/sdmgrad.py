"""Stochastic direction-oriented multi-objective gradient descent."""

import tensorflow as tf

from mtl_keras.weighting import simplex
from mtl_keras.weighting.base import TwoBatchGramianWeighting
from mtl_keras.weighting.registry import register


@register("sdmgrad")
class SDMGrad(TwoBatchGramianWeighting):
    """The shortest combination of the gradients, drawn towards their mean.

    w follows n_iter projected steps with momentum on the simplex along A (w + λ/T), A = J₁ J₂ᵀ over
    the square of the mean of √A_ii, and starts where it ended in the step before. The weights
    are (w + λ/T) / (1 + λ), not negative, with sum 1 (the mean is the scale to compare with).
    λ = 0 leads to MGDA, a large λ to the mean.

    The paper has no momentum and does not divide by 1 + λ; the official code has both,
    multiplies by T, clips to 1, and by a slip uses one batch for all three gradients. Diagonal
    entries of A that are negative, which its root turns into NaN, count as 0 here, or with
    their size where none is positive. The update is that of the whole batch, of which J₁ and J₂
    see a half each.

    Args:
        lamda: float >= 0, λ, how far towards the mean. Defaults to 0.3.
        n_iter: int, steps of w for each batch. Defaults to 20.
        learning_rate: float, of these steps. Defaults to 10, as in the official code.
        momentum: float, of these steps. Defaults to 0.5, as in the official code.

    Raises:
        ValueError: `lamda` is negative.

    Example:
        >>> method = SDMGrad(lamda=0.0, learning_rate=0.5)
        >>> method.build(["a", "b"])
        >>> weights = method(losses=[1.0, 1.0], gramian=[[1.0, 0.0], [0.0, 3.0]])
        >>> weights.numpy().round(3).tolist()
        [0.75, 0.25]

    Reference:
        Xiao, Ban, Ji, "Direction-oriented Multi-objective Learning: Simple and Provable Stochastic
        Algorithms", NeurIPS 2023, arXiv 2305.18409. Cost: 3 T task gradients, two of them of
        half the batch.
    """

    def __init__(self, lamda=0.3, n_iter=20, learning_rate=10.0, momentum=0.5):
        super().__init__()
        if not lamda >= 0:
            raise ValueError(f"Argument `lamda` must be >= 0. Received: lamda={lamda}")
        self.lamda = float(lamda)
        self.n_iter = int(n_iter)
        self.learning_rate = float(learning_rate)
        self.momentum = float(momentum)

    def setup(self):
        self.shares = self.add_weight(
            shape=(self.num_tasks,), initializer="ones", trainable=False, name="shares"
        )

    def weights(self, gramian, present):
        there = tf.cast(present, tf.float64)
        count = tf.maximum(tf.reduce_sum(there), 1.0)
        squares = tf.linalg.diag_part(gramian)
        usable = tf.where(tf.reduce_any(squares > 0), tf.maximum(squares, 0.0), tf.abs(squares))
        lengths = tf.sqrt(usable)
        scale = tf.square(tf.reduce_sum(there * lengths) / count)
        gramian /= tf.where(scale > 0, scale, 1.0)
        pull = self.lamda * there / count

        def step(_, w, velocity):
            velocity = self.momentum * velocity + tf.linalg.matvec(gramian, w + pull)
            return _ + 1, simplex.project(w - self.learning_rate * velocity, present), velocity

        w, total = simplex.shares(self.shares, present)
        start = (0, w, tf.zeros_like(w))
        _, w, _ = tf.while_loop(
            lambda done, *_: done < self.n_iter, step, start, maximum_iterations=self.n_iter
        )
        simplex.keep(self.shares, w, total, present)
        return (w + pull) / (1 + self.lamda)
