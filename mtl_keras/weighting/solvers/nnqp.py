"""Quadratic programs over vectors that are not negative."""

import tensorflow as tf

from mtl_keras.weighting.solvers.tableau import exchange, refine, repeat, start

_TOLERANCE = 1e-10


def nnqp(matrix, rhs):
    """Minimises ½ zᵀMz - bᵀz over z ≥ 0 for several right-hand sides at once.

    The active-set method of Lawson and Hanson, carried out by principal pivots on a dense tableau:
    one rank-1 update a pivot, 2T + 4 pivots, no linear algebra beside. It is monotone, so an
    early end is still feasible.

    Args:
        matrix: float64 tensor (T, T), positive semidefinite with entries of order 1.
        rhs: float64 tensor (R, T), one right-hand side b a row.

    Returns:
        float64 tensor (R, T), the minimisers z.

    Example:
        >>> rhs = tf.constant([[1.0, -1.0]], tf.float64)
        >>> nnqp(tf.eye(2, dtype=tf.float64), rhs).numpy().tolist()
        [[1.0, 0.0]]

    Reference:
        Lawson, Hanson, "Solving Least Squares Problems", 1974, chapter 23 (NNLS).
    """
    scale = tf.reduce_max(tf.abs(rhs), axis=1, keepdims=True)
    scale = tf.where(scale > 0, scale, 1.0)
    b = rhs / scale
    state = (
        start(matrix, tf.shape(b)[0]),
        -b[:, :, None],
        tf.zeros_like(b),
        tf.zeros_like(b, tf.bool),
    )
    tableau, column, feasible, basis = repeat(_pivot, state, 2 * matrix.shape[0] + 4)
    on_basis = tf.where(basis, column[:, :, 0], 0.0)
    z = tf.where(tf.reduce_all(on_basis >= 0, axis=1, keepdims=True), on_basis, feasible)
    return tf.maximum(refine(z, basis, tableau, matrix, b), 0.0) * scale


def _pivot(tableau, column, z, basis):
    """One step of the active set: the worst variable leaves, else the best one enters."""
    now = column[:, :, 0]
    on_basis = tf.where(basis, now, 0.0)
    negative = basis & (now < 0)
    leave = tf.reduce_any(negative, axis=1)
    ratios = tf.where(negative, z / tf.where(negative, z - now, 1.0), float("inf"))
    gains = tf.where(~basis, now, float("inf"))
    k = tf.where(leave, tf.argmin(ratios, axis=1), tf.argmin(gains, axis=1))
    step = tf.where(leave, tf.reduce_min(ratios, axis=1), 1.0)
    z += step[:, None] * (on_basis - z)
    left = leave[:, None] & (tf.one_hot(k, z.shape[1]) > 0)
    z = tf.where(left, tf.zeros_like(z), z)
    act = leave | (tf.reduce_min(gains, axis=1) < -_TOLERANCE)
    tableau, column, basis = exchange(tableau, column, basis, k, act)
    return tf.reduce_any(act), tableau, column, z, basis
