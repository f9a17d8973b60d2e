"""Improvable gap balancing, first version."""

import tensorflow as tf

from mtl_keras.weighting import simplex
from mtl_keras.weighting.base import LossWeighting
from mtl_keras.weighting.registry import register
from mtl_keras.weighting.safe_log import safe_log


@register("igbv1")
class IGBv1(LossWeighting):
    """Weighs log losses by the gap left to an early epoch: Σ w_i log L_i, w = T softmax(L / B).

    B_i is the mean loss of an early epoch. The w are constants of the backward pass and sum to T;
    the weights on the losses are w_i / L_i. Until B is there, w is 1. A task without a label
    in that epoch takes its first later one. Losses must be positive; a loss of 0 has weight 0.

    Args:
        base_epoch: int, the epoch, from 0, whose mean losses are B. Defaults to 1, as in the
            official code.

    Raises:
        ValueError: the epoch is negative.

    Example:
        >>> import numpy as np
        >>> method = IGBv1(base_epoch=0)
        >>> method.build(["a", "b"])
        >>> method.on_epoch_end(np.array([1.0, 2.0]), np.array([True, True]))
        >>> round(float(method(losses=[1.0, 2.0])), 4)
        0.6931

    Reference:
        Dai, Fei, Lu, "Improvable Gap Balancing for Multi-Task Learning", UAI 2023, arXiv
        2307.15429. Cost: one backward pass.
    """

    def __init__(self, base_epoch=1):
        super().__init__()
        if base_epoch < 0:
            raise ValueError(
                f"Argument `base_epoch` must be >= 0. Received: base_epoch={base_epoch}"
            )
        self.base_epoch = int(base_epoch)

    def setup(self):
        # A base of 0 stands for "not there yet".
        self.base = self.add_weight(
            shape=(self.num_tasks,), initializer="zeros", trainable=False, name="base"
        )
        self.epochs = self.add_weight(
            shape=(), initializer="zeros", dtype="int64", trainable=False, name="epochs"
        )

    def on_epoch_end(self, mean_losses, present):
        base = self.base.value
        first = (base <= 0) & present & (self.epochs.value >= self.base_epoch)
        self.base.assign(tf.where(first, tf.cast(mean_losses, tf.float32), base))
        self.epochs.assign_add(1)

    def combine(self, losses, present):
        base = self.base.value
        gaps = tf.where(base > 0, losses / tf.where(base > 0, base, 1.0), 1.0)
        shares = simplex.softmax(tf.minimum(gaps, tf.float32.max), present)
        weights = tf.reduce_sum(tf.cast(present, tf.float32)) * shares
        terms = tf.stop_gradient(weights) * safe_log(losses)
        return tf.reduce_sum(tf.where(present, terms, 0.0))
