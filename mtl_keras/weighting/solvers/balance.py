"""Positive vectors in balance with what a matrix makes of them."""

import tensorflow as tf

_STEPS, _STEPS_OF_MANY, _MANY = 24, 18, 16
_RIDGE = 1e-12
_LIMIT = 230.0
_RESOLUTION = 1e-5


def balance(matrix, log_c, power, live):
    """Solves (Mx)_i = c_i x_i^(-p) for x > 0, by Newton's method on the logarithms.

    Both x and s = Mx stay positive by the rule that a part grows by 1 + v where Newton's step
    is v > 0 times itself, and shrinks by 1 / (1 + |v|) where it is negative. A fixed number of
    steps: 24 and, of more than 16 tasks, 18, which come within 1e-7 of the solution there (few
    tasks whose gradients nearly cancel need up to 22).

    There is no solution where a positive combination vanishes: then x grows without end, and NaN
    is returned where √(xᵀMx) is below 1e-5 Σx, which float32 gradients cannot resolve.

    Args:
        matrix: float64 tensor (T, T), positive semidefinite with a unit diagonal.
        log_c: float64 tensor (T,), log c.
        power: float, p > 0.
        live: bool tensor (T,); the others have a row of the identity and take no part.

    Returns:
        float64 tensor (T,), log x.

    Example:
        >>> matrix = tf.constant([[1.0, 0.5], [0.5, 1.0]], tf.float64)
        >>> log_x = balance(matrix, tf.zeros(2, tf.float64), 1.0, tf.constant([True, True]))
        >>> (tf.exp(log_x) ** 2).numpy().round(9).tolist()
        [0.666666667, 0.666666667]
    """
    finite = tf.reduce_all(tf.math.is_finite(matrix)) & tf.reduce_all(tf.math.is_finite(log_c))
    eye = tf.eye(matrix.shape[0], dtype=matrix.dtype)
    matrix = tf.where(finite, matrix, eye) + _RIDGE * eye
    log_c = tf.where(finite, log_c, 0.0)

    def newton(log_x, log_s):
        x, s = tf.exp(log_x), tf.exp(log_s)
        short = log_c - log_s - power * log_x
        h = tf.minimum(power * tf.exp(log_s - log_x), 1e250)
        k = tf.math.rsqrt(1 + h)
        system = k[:, None] * matrix * k[None, :] + tf.linalg.diag(h * k * k)
        right = k * (s * short - (tf.linalg.matvec(matrix, x) - s))
        change = k * tf.linalg.solve(system, right[:, None])[:, 0] / x
        return _grow(log_x, change), _grow(log_s, short - power * change)

    steps = _STEPS if matrix.shape[0] <= _MANY else _STEPS_OF_MANY
    first = log_c / (1 + power)  # exact where the rows are orthogonal
    log_x, _ = tf.while_loop(
        lambda *_: True, newton, (first, first), maximum_iterations=steps, parallel_iterations=1
    )
    x = tf.where(live, tf.exp(log_x), 0.0)
    length = tf.sqrt(tf.maximum(tf.reduce_sum(x * tf.linalg.matvec(matrix, x)), 0.0))
    solved = finite & (length >= _RESOLUTION * tf.reduce_sum(x))
    return tf.where(solved, log_x, float("nan"))


def _grow(log_value, change):
    log_value += tf.sign(change) * tf.math.log1p(tf.abs(change))
    return tf.clip_by_value(log_value, -_LIMIT, _LIMIT)
