"""Gradient sign dropout."""

import keras
import tensorflow as tf

from mtl_keras.weighting.base import JacobianWeighting
from mtl_keras.weighting.registry import register


def mask(gradients, draws):
    """Tells which gradients are kept: at each coordinate the positive or the negative ones.

    Args:
        gradients: float tensor (T, ...).
        draws: float tensor (...), uniform on [0, 1).

    Returns:
        bool tensor (T, ...).

    Example:
        >>> gradients = tf.constant([[-4.0, 1.0], [6.0, 1.0]])
        >>> mask(gradients, draws=tf.constant([0.25, 0.25])).numpy().tolist()
        [[False, True], [True, True]]
    """
    total, size = tf.reduce_sum(gradients, axis=0), tf.reduce_sum(tf.abs(gradients), axis=0)
    purity = 0.5 * (1 + tf.math.divide_no_nan(total, size))
    return tf.where(draws < purity, gradients > 0, gradients < 0)


@register("graddrop")
class GradDrop(JacobianWeighting):
    """Keeps at each coordinate, by chance, only the positive or only the negative gradients.

    P = ½ (1 + Σ g_i / Σ |g_i|) is the chance that a coordinate keeps what is positive. On average
    the direction is the sum of the gradients (sum convention).

    At the shared parameters it is the rule of TorchJD and of the CAGrad and FAMO codes. At the
    shared features Z, with `compile(jacobian=Jacobian(at="features"))`, it is the paper's: P and
    the signs are those of Σ sign(Z) g_i over the batch, and what is kept of a task is kept of
    all its examples. A draw equal to P keeps the negative ones, where public code keeps neither.

    Args:
        leak: float in [0, 1], the part of every gradient that passes anyway. Defaults to 0. (The
            Aligned-MTL repository calls 1 - leak so.)
        seed: int or `None`, seed of the draws. Their state is saved with the model.

    Raises:
        ValueError: `leak` is not in [0, 1].

    Example:
        >>> method = GradDrop(seed=0)
        >>> method.build(["a", "b"])
        >>> method(losses=[1.0, 1.0], jacobian=[[0.0, 2.0], [1.0, 3.0]]).numpy().tolist()
        [1.0, 5.0]

    Reference:
        Chen et al., "Just Pick a Sign: Optimizing Deep Multitask Models with Gradient Sign
        Dropout", NeurIPS 2020, arXiv 2010.06808, algorithm 1. Cost: T task gradients and
        T x P work.
    """

    def __init__(self, leak=0.0, seed=None):
        super().__init__()
        if not 0 <= leak <= 1:
            raise ValueError(f"Argument `leak` must be in [0, 1]. Received: leak={leak}")
        self.leak = float(leak)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def direction(self, jacobian, features):
        rows = seen = jacobian
        if features is not None:
            rows = tf.reshape(jacobian, tf.concat([[self.num_tasks], tf.shape(features)], axis=0))
            seen = tf.reduce_sum(tf.sign(features) * rows, axis=1, keepdims=True)
        draws = tf.random.stateless_uniform(
            tf.shape(seen)[1:], tf.cast(self.seed_generator.next(), tf.int32)
        )
        kept = tf.cast(mask(seen, draws), rows.dtype)
        passes = self.leak + (1 - self.leak) * kept
        return tf.reshape(tf.reduce_sum(passes * rows, axis=0), [-1])
