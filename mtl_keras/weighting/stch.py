"""Smooth Tchebycheff scalarisation, as in the paper and as in its authors' multi-task code."""

import tensorflow as tf

from mtl_keras.weighting.base import LossWeighting
from mtl_keras.weighting.registry import register
from mtl_keras.weighting.safe_log import safe_log


def _smooth_maximum(values, mu, present):
    """Returns μ log Σ exp(v_i / μ) over the present tasks."""
    values = tf.where(present, values / mu, float("-inf"))
    return mu * tf.where(tf.reduce_any(present), tf.reduce_logsumexp(values), 0.0)


def _positive(mu):
    if not mu > 0:
        raise ValueError(f"Argument `mu` must be > 0. Received: mu={mu}")
    return float(mu)


@register("stch")
class STCH(LossWeighting):
    """Minimises a smooth maximum of the losses: μ log Σ exp(L_i / (T μ)).

    The paper's form with equal preferences λ_i = 1/T and the ideal point 0; other preferences are
    `compile(loss_weights=...)`. The weights are softmax(L / (T μ)) / T, not negative, with sum
    1/T. The value lies between max L_i / T and that plus μ log T.

    Args:
        mu: float > 0, μ, how smooth; towards 0 only the largest loss counts. The paper has no
            default; 1 here.

    Raises:
        ValueError: `mu` is not positive.

    Example:
        >>> method = STCH(mu=0.5)
        >>> method.build(["a", "b"])
        >>> round(float(method(losses=[0.8, 2.5])), 4)
        1.3339

    Reference:
        Lin et al., "Smooth Tchebycheff Scalarization for Multi-Objective Optimization", ICML
        2024, arXiv 2402.19078, equation 6. Cost: one backward pass.
    """

    def __init__(self, mu=1.0):
        super().__init__()
        self.mu = _positive(mu)

    def combine(self, losses, present):
        count = tf.maximum(tf.reduce_sum(tf.cast(present, losses.dtype)), 1.0)
        return _smooth_maximum(losses / count, self.mu, present)


@register("stch_log")
class STCHLog(LossWeighting):
    """Minimises a smooth maximum of log losses over a nadir: T μ log Σ exp(log(L_i / z_i) / μ).

    The form of the authors' multi-task code, another method than `STCH`. z is the mean loss of
    the epoch `warmup_epoch`; until every present task has one, Σ log L_i is minimised. The
    weights are T softmax(log(L/z) / μ) / L_i, not negative; their sum is not fixed. The
    value that the authors' code logs leaves out a term without a gradient. Losses must be
    positive; a loss of 0 has weight 0.

    Args:
        mu: float > 0, μ, how smooth. Defaults to 1, as in the code.
        warmup_epoch: int, the epoch, from 0, whose mean losses are z. Defaults to 4, as there.

    Raises:
        ValueError: `mu` is not positive, `warmup_epoch` is negative.

    Example:
        >>> import numpy as np
        >>> method = STCHLog(warmup_epoch=0)
        >>> method.build(["a", "b"])
        >>> method.on_epoch_end(np.array([1.0, 2.0]), np.array([True, True]))
        >>> round(float(method(losses=[1.0, 2.0])), 4)
        1.3863

    Reference:
        As `STCH`. Cost: one backward pass.
    """

    def __init__(self, mu=1.0, warmup_epoch=4):
        super().__init__()
        if warmup_epoch < 0:
            raise ValueError(
                f"Argument `warmup_epoch` must be >= 0. Received: warmup_epoch={warmup_epoch}"
            )
        self.mu = _positive(mu)
        self.warmup_epoch = int(warmup_epoch)

    def setup(self):
        # A nadir of 0 stands for "not there yet".
        self.nadir = self.add_weight(
            shape=(self.num_tasks,), initializer="zeros", trainable=False, name="nadir"
        )
        self.epochs = self.add_weight(
            shape=(), initializer="zeros", dtype="int64", trainable=False, name="epochs"
        )

    def on_epoch_end(self, mean_losses, present):
        nadir = self.nadir.value
        first = (nadir <= 0) & present & (self.epochs.value >= self.warmup_epoch)
        self.nadir.assign(tf.where(first, tf.cast(mean_losses, tf.float32), nadir))
        self.epochs.assign_add(1)

    def combine(self, losses, present):
        logs, known = safe_log(losses), self.nadir.value > 0
        warm = tf.reduce_all(known | ~present)
        over_nadir = logs - safe_log(self.nadir.value)
        count = tf.reduce_sum(tf.cast(present, losses.dtype))
        smooth = count * _smooth_maximum(over_nadir, self.mu, present)
        return tf.where(warm, smooth, tf.reduce_sum(tf.where(present, logs, 0.0)))
