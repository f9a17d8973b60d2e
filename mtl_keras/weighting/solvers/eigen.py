"""Eigenvalues, and what is solved by them, of small symmetric matrices."""

import tensorflow as tf

CUT = 1e-10
"""Eigenvalues below this part of the largest one count as 0."""


def eigh(matrix):
    """Returns eigenvalues (T,), ascending, and eigenvectors (T, T), columns, to full precision.

    Compiled by XLA, `tf.linalg.eigh` stops at eigenvectors good to 1e-7; two steps of
    refinement restore the digits.

    Args:
        matrix: float64 tensor (T, T), symmetric. If not finite, the eigenvalues are NaN.

    Example:
        >>> values, vectors = eigh(tf.constant([[2.0, 0.0], [0.0, 1.0]], tf.float64))
        >>> values.numpy().tolist()
        [1.0, 2.0]

    Reference:
        Ogita, Aishima, "Iterative refinement for symmetric eigenvalue decomposition", Japan
        Journal of Industrial and Applied Mathematics 35, 2018.
    """
    eye = tf.eye(matrix.shape[0], dtype=matrix.dtype)
    finite = tf.reduce_all(tf.math.is_finite(matrix))
    matrix = tf.where(finite, matrix, eye)
    values, vectors = tf.linalg.eigh(matrix)
    near = 1e-13 * tf.reduce_max(tf.abs(matrix))
    for _ in range(2):
        skew = eye - tf.matmul(vectors, vectors, transpose_a=True)
        turned = tf.matmul(vectors, tf.matmul(matrix, vectors), transpose_a=True)
        values = tf.linalg.diag_part(turned) / (1 - tf.linalg.diag_part(skew))
        gaps = values[None, :] - values[:, None]
        apart = tf.abs(gaps) > near
        change = (turned + values[None, :] * skew) / tf.where(apart, gaps, 1.0)
        change = tf.where(apart, change, skew / 2)
        vectors += tf.matmul(vectors, tf.where(tf.abs(change) < 0.1, change, 0.0))
    return tf.where(finite, values, float("nan")), vectors


def least_norm(matrix, rhs):
    """Returns the shortest least-squares solution x of Mx = b, with eigenvalues cut at `CUT`.

    Args:
        matrix: float64 tensor (T, T), positive semidefinite.
        rhs: float64 tensor (T,).

    Returns:
        float64 tensor (T,), the pseudoinverse of M times b.

    Example:
        >>> rhs = tf.constant([4.0, 0.0], tf.float64)
        >>> least_norm(tf.ones([2, 2], tf.float64), rhs).numpy().round(9).tolist()
        [1.0, 1.0]
    """
    values, vectors = eigh(matrix)
    keep = ~(values <= CUT * tf.reduce_max(values))
    parts = tf.linalg.matvec(vectors, rhs, transpose_a=True) / tf.where(keep, values, 1.0)
    return tf.linalg.matvec(vectors, tf.where(keep, parts, 0.0))
