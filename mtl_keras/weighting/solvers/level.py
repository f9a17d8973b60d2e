"""The highest level that a step of limited length can reach."""

import tensorflow as tf

from mtl_keras.weighting.solvers.tableau import exchange, refine, repeat, start

_INF = float("inf")
_VANISHING = 1e-10


def highest_level(matrix, offset, slope, radius):
    """Finds x ≥ 0 with xᵀMx ≤ r² and the largest t such that Mx + β ≥ t a, in every entry.

    With M the cosines of unit gradients u_i, e = Σ x_i u_i is the step of length r at most that
    raises the least of (u_i·e + β_i)/a_i most. The path of the shortest step to level t is
    piecewise linear in t; it is followed from pivot to pivot until its length is r.

    Args:
        matrix: float64 tensor (T, T), positive semidefinite with a unit diagonal.
        offset: float64 tensor (T,), β.
        slope: float64 tensor (T,), a in [0, 1], the largest 1; an entry that is 0 and whose offset
            is positive takes no part.
        radius: float, r ≥ 0.

    Returns:
        float64 tensor (T,), x.

    Example:
        >>> offset, slope = tf.constant([[0.0, 1.0], [1.0, 1.0]], tf.float64)
        >>> highest_level(tf.eye(2, dtype=tf.float64), offset, slope, 0.5).numpy().tolist()
        [0.5, 0.0]
    """
    tasks = matrix.shape[0]
    columns = tf.stack([offset, -slope], axis=1)[None]
    lowest = tf.reduce_min(tf.where(slope > 0, offset / tf.where(slope > 0, slope, 1.0), _INF))

    def pivot(tableau, columns, basis, level):
        x = tf.where(basis[0, :, None], columns[0], 0.0)
        at, falling = columns[0, :, 0], columns[0, :, 1] < 0
        bends = tf.where(falling, -at / tf.where(falling, columns[0, :, 1], 1.0), _INF)
        k = tf.argmin(bends)
        bend = tf.maximum(bends[k], level)
        act = (bend < _reached(matrix, x, offset, slope, radius)) & (bend < _INF)
        level = tf.where(act, bend, level)
        tableau, columns, basis = exchange(tableau, columns, basis, k[None], act[None])
        return act, tableau, columns, basis, level

    basis = tf.zeros([1, tasks], tf.bool)
    state = (start(matrix, 1), columns, basis, lowest)
    tableau, columns, basis, level = repeat(pivot, state, 2 * tasks + 4)
    on_basis = tf.where(basis[0, :, None], columns[0], 0.0)
    targets = [-offset, slope]
    x = tf.stack(
        [
            refine(on_basis[None, :, i], basis, tableau, matrix, target[None])[0]
            for i, target in enumerate(targets)
        ],
        axis=1,
    )
    reached = _reached(matrix, x, offset, slope, radius)
    level = tf.where(reached < _INF, tf.maximum(reached, level), level)
    x = tf.maximum(x[:, 0] + level * x[:, 1], 0.0)
    length = tf.sqrt(tf.maximum(tf.reduce_sum(x * tf.linalg.matvec(matrix, x)), 0.0))
    return x * tf.where(length > radius, radius / tf.where(length > 0, length, 1.0), 1.0)


def _reached(matrix, x, offset, slope, radius):
    """Returns the level at which x[:, 0] + level x[:, 1] has length r.

    Infinite if there is none; minus infinity where the level cannot rise, because the way up is a
    positive combination of rows that vanishes.
    """
    way = x[:, 1]
    square = tf.reduce_sum(slope * way)
    linear = tf.reduce_sum(slope * x[:, 0] - offset * way)
    constant = -tf.reduce_sum(offset * x[:, 0]) - radius**2
    root = tf.sqrt(tf.maximum(linear**2 - 4 * square * constant, 0.0))
    q = -0.5 * (linear + tf.where(linear < 0, -root, root))
    rising = square > 0
    first = q / tf.where(rising, square, 1.0)
    second = tf.where(q != 0, constant / tf.where(q != 0, q, 1.0), first)
    reached = tf.where(rising, tf.maximum(first, second), _INF)
    length = tf.reduce_sum(way * tf.linalg.matvec(matrix, way))
    stuck = tf.reduce_all(way >= 0) & (length < _VANISHING * tf.reduce_sum(way**2))
    return tf.where(~stuck, reached, -_INF)
