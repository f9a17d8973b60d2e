"""Eigenvalues, and what is solved by them, of small symmetric matrices."""

import numpy as np
import tensorflow as tf

CUT = 1e-10
"""Eigenvalues below this part of the largest one count as 0."""

_SWEEPS = 6


def eigh(matrix):
    """Returns eigenvalues (T,), ascending, and eigenvectors (T, T), columns, to full precision.

    Compiled by XLA, `tf.linalg.eigh` stops at 1e-7 of the largest eigenvalue and leaves smaller
    ones mixed. Sweeps of Jacobi rotations go on from there: none without XLA, two or three with it.

    Args:
        matrix: float64 tensor (T, T), symmetric. If not finite, the eigenvalues are NaN.

    Example:
        >>> values, vectors = eigh(tf.constant([[2.0, 0.0], [0.0, 1.0]], tf.float64))
        >>> values.numpy().tolist()
        [1.0, 2.0]

    Reference:
        Golub, Van Loan, "Matrix Computations", 4th edition, 2013, section 8.5.
    """
    tasks = matrix.shape[0]
    finite = tf.reduce_all(tf.math.is_finite(matrix))
    matrix = tf.where(finite, matrix, tf.eye(tasks, dtype=matrix.dtype))
    _, vectors = tf.linalg.eigh(matrix)
    turned = tf.matmul(vectors, tf.matmul(matrix, vectors), transpose_a=True)
    turned = (turned + tf.transpose(turned)) / 2
    partners = tf.constant(_round_robin(tasks))
    noise = tasks * 4e-16 * tf.reduce_max(tf.abs(turned))

    def mixed(turned, _):
        off = tf.linalg.set_diag(turned, tf.zeros_like(turned[0]))
        return tf.reduce_max(tf.abs(off)) > noise

    def sweep(turned, vectors):
        _, turned, vectors = tf.while_loop(
            lambda *_: True,
            lambda i, *pair: (i + 1, *_rotate(*pair, partners[i])),
            (0, turned, vectors),
            maximum_iterations=partners.shape[0],
            parallel_iterations=1,
        )
        return turned, vectors

    turned, vectors = tf.while_loop(mixed, sweep, (turned, vectors), maximum_iterations=_SWEEPS)
    values = tf.linalg.diag_part(turned)
    order = tf.argsort(values)
    values, vectors = tf.gather(values, order), tf.gather(vectors, order, axis=1)
    return tf.where(finite, values, float("nan")), vectors


def _rotate(turned, vectors, partner):
    """Makes the entries (i, partner_i) zero, for disjoint pairs at once."""
    index = tf.range(turned.shape[0])
    diagonal = tf.linalg.diag_part(turned)
    off = tf.gather(turned, partner, axis=1, batch_dims=1)
    there = (off != 0) & (partner != index)
    tau = (tf.gather(diagonal, partner) - diagonal) / tf.where(there, 2 * off, 1.0)
    sign = 2 * tf.cast((tau > 0) | ((tau == 0) & (index < partner)), tau.dtype) - 1
    tangent = tf.where(there, sign / (tf.abs(tau) + tf.sqrt(1 + tau**2)), 0.0)
    cosine = tf.math.rsqrt(1 + tangent**2)

    def columns(matrix):
        return cosine * (matrix - tangent * tf.gather(matrix, partner, axis=1))

    turned = columns(tf.transpose(columns(turned)))
    return turned, columns(vectors)


def _round_robin(tasks):
    """Returns int32 (rounds, T): in each round a partner for each, so that all pairs meet once."""
    seats = tasks + tasks % 2
    circle, table = list(range(seats)), []
    for _ in range(max(seats - 1, 1)):
        partner = np.arange(tasks, dtype=np.int32)
        for one, other in zip(circle[: seats // 2], circle[: seats // 2 - 1 : -1], strict=True):
            if max(one, other) < tasks:
                partner[one], partner[other] = other, one
        table.append(partner)
        circle[1:] = circle[-1:] + circle[1:-1]
    return np.stack(table)


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
