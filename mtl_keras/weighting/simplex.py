"""Weights that are not negative and sum to 1, over the tasks that are present."""

import numpy as np
import tensorflow as tf


def softmax(scores, present):
    """Returns the softmax over the present tasks; 0 for the others.

    Args:
        scores: float tensor (T,).
        present: bool tensor (T,).

    Example:
        >>> softmax(tf.constant([0.0, 5.0, 0.0]), tf.constant([True, False, True])).numpy().tolist()
        [0.5, 0.0, 0.5]
    """
    shares = tf.nn.softmax(tf.where(present, scores, float("-inf")))
    return tf.where(tf.reduce_any(present), shares, 0.0)


def project(point, present):
    """Returns the nearest point of the simplex over the present tasks; 0 for the others.

    The nearest point is max(x - θ, 0), and θ is the largest of (sum of the k largest - 1) / k
    over all k: no search is needed.

    Args:
        point: float64 tensor (T,).
        present: bool tensor (T,).

    Example:
        >>> point = tf.constant([0.9, 0.5, -1.0], tf.float64)
        >>> project(point, tf.constant([True, True, True])).numpy().round(6).tolist()
        [0.7, 0.3, 0.0]

    Reference:
        Duchi, Shalev-Shwartz, Singer, Chandra, "Efficient Projections onto the l1-Ball for
        Learning in High Dimensions", ICML 2008.
    """
    point = tf.where(present, point, float("-inf"))
    # The largest becomes 0: the others keep their digits however large they all are.
    point = tf.where(present, point - tf.reduce_max(point), float("-inf"))
    sums = tf.cumsum(tf.math.top_k(point, point.shape[0]).values)
    counts = np.arange(1, point.shape[0] + 1)
    nearest = tf.maximum(point - tf.reduce_max((sums - 1) / counts), 0.0)
    return tf.where(present, nearest, 0.0)


def shares(state, present):
    """Returns the weights of the present tasks scaled to sum 1, and what they summed to.

    Args:
        state: float32 variable (T,), weights that are not negative.
        present: bool tensor (T,).

    Returns:
        float64 tensor (T,), even where the weights are all 0; float64 scalar.

    Example:
        >>> found, total = shares(tf.Variable([0.5, 0.25, 0.25]), tf.constant([True, True, False]))
        >>> found.numpy().round(6).tolist(), float(total)
        ([0.666667, 0.333333, 0.0], 0.75)
    """
    there = tf.cast(present, tf.float64)
    weights = there * tf.cast(tf.convert_to_tensor(state), tf.float64)
    total = tf.reduce_sum(weights)
    even = tf.math.divide_no_nan(there, tf.reduce_sum(there))
    return tf.where(total > 0, weights / tf.where(total > 0, total, 1.0), even), total


def keep(state, weights, total, present):
    """Writes new weights of the present tasks, with their old sum; not if one is not finite.

    Absent tasks so keep both their weight and their share.

    Args:
        state: float32 variable (T,), as for `shares`.
        weights: float64 tensor (T,), sum 1 over the present tasks.
        total: float64 scalar, from `shares`.
        present: bool tensor (T,).

    Example:
        >>> state = tf.Variable([0.5, 0.25, 0.25])
        >>> weights = tf.constant([0.0, 1.0, 0.0], tf.float64)
        >>> keep(state, weights, tf.constant(0.75, tf.float64), tf.constant([True, True, False]))
        >>> state.numpy().tolist()
        [0.0, 0.75, 0.25]
    """
    finite = tf.reduce_all(tf.math.is_finite(weights))
    new = tf.cast(tf.where(finite, total * weights, 0.0), tf.float32)
    state.assign(tf.where(present & finite, new, tf.convert_to_tensor(state)))
