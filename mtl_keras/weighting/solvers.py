"""Small exact kernels that run inside the graph, in float64, with a fixed number of steps."""

import tensorflow as tf

_RIDGE = 1e-8
_TOLERANCE = 1e-10


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
    live = square > 0
    norms = tf.sqrt(tf.maximum(square, 0.0))
    inverse = tf.where(live, 1.0 / tf.where(live, norms, 1.0), 0.0)
    cosines = inverse[:, None] * gramian * inverse[None, :]
    return tf.linalg.set_diag(cosines, tf.ones_like(square)), norms, inverse, live


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
    tasks = matrix.shape[0]
    scale = tf.reduce_max(tf.abs(rhs), axis=1, keepdims=True)
    scale = tf.where(scale > 0, scale, 1.0)
    b = rhs / scale
    rows = tf.shape(b)[0]
    tableau = tf.tile((matrix + _RIDGE * tf.eye(tasks, dtype=matrix.dtype))[None], [rows, 1, 1])
    state = (tableau, -b, tf.zeros_like(b), tf.zeros_like(b, tf.bool))
    state = tf.while_loop(
        lambda *_: True, _pivot, state, maximum_iterations=2 * tasks + 4, parallel_iterations=1
    )
    tableau, column, feasible, basis = state
    on_basis = tf.where(basis, column, 0.0)
    z = tf.where(tf.reduce_all(on_basis >= 0, axis=1, keepdims=True), on_basis, feasible)
    keep = tf.cast(basis, z.dtype)
    for _ in range(3):
        residual = keep * (b - tf.linalg.matvec(matrix, z))
        z += keep * tf.linalg.matvec(tableau, residual)
    return tf.maximum(z, 0.0) * scale


def _pivot(tableau, column, z, basis):
    """One step of the active set: the worst variable leaves, else the best one enters."""
    tasks = tableau.shape[-1]
    on_basis = tf.where(basis, column, 0.0)
    negative = basis & (column < 0)
    leave = tf.reduce_any(negative, axis=1)
    ratios = tf.where(negative, z / tf.where(negative, z - column, 1.0), float("inf"))
    gains = tf.where(~basis, column, float("inf"))
    k = tf.where(leave, tf.argmin(ratios, axis=1), tf.argmin(gains, axis=1))
    step = tf.where(leave, tf.reduce_min(ratios, axis=1), 1.0)
    unit = tf.one_hot(k, tasks, dtype=z.dtype)
    z += step[:, None] * (on_basis - z)
    z = tf.where(leave[:, None] & (unit > 0), tf.zeros_like(z), z)

    at_k = tf.reduce_sum(unit * column, axis=1)
    act = leave | (at_k < -_TOLERANCE)
    row = tf.gather(tableau, k, axis=1, batch_dims=1)
    basis_k = tf.reduce_any(basis & (unit > 0), axis=1)
    mirror = tf.where(basis == basis_k[:, None], row, -row)
    pivot = tf.reduce_sum(unit * row, axis=1)
    p = tf.where(act, 1.0 / tf.maximum(pivot, _RIDGE / 2), 0.0)
    left = p[:, None] * (mirror + unit)
    tableau -= left[:, :, None] * (row - unit)[:, None, :]
    column -= left * at_k[:, None]
    basis = tf.math.logical_xor(basis, act[:, None] & (unit > 0))
    return tableau, column, z, basis
