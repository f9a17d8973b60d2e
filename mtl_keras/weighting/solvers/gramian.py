"""A Gramian as cosines and norms."""

import tensorflow as tf


def unit_gramian(gramian):
    """Splits a Gramian into cosines and norms.

    Args:
        gramian: float64 tensor (T, T), G = J Jᵀ.

    Returns:
        Cosines (T, T) with a unit diagonal, off-diagonals 0 for zero rows; norms (T,); inverse
        norms (T,), 0 for zero rows; bool (T,), which rows are not zero.

    Example:
        >>> gramian = tf.constant([[4.0, 1.0], [1.0, 1.0]], tf.float64)
        >>> cosines, norms, inverse, live = unit_gramian(gramian)
        >>> cosines.numpy().tolist()
        [[1.0, 0.5], [0.5, 1.0]]
    """
    square = tf.linalg.diag_part(gramian)
    live = ~(square <= 0)  # NaN stays NaN
    norms = tf.sqrt(tf.maximum(square, 0.0))
    inverse = tf.where(live, 1.0 / tf.where(live, norms, 1.0), 0.0)
    cosines = inverse[:, None] * gramian * inverse[None, :]
    return tf.linalg.set_diag(cosines, tf.ones_like(square)), norms, inverse, live
