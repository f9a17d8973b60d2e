"""Principal pivots on a dense tableau, the arithmetic that the active-set kernels share."""

import tensorflow as tf

RIDGE = 1e-8
"""What is added to the diagonal of a matrix with entries of order 1, so that no pivot vanishes."""


def start(matrix, rows):
    """Returns the tableau (R, T, T) of R problems with one matrix (T, T) and an empty basis."""
    ridge = RIDGE * tf.eye(matrix.shape[0], dtype=matrix.dtype)
    return tf.tile((matrix + ridge)[None], [rows, 1, 1])


def exchange(tableau, columns, basis, k, act):
    """Takes a variable in the basis or out of it: one update of rank 1 for either.

    On the basis a column holds the unconstrained solution, off it the gradient there.

    Args:
        tableau: float64 tensor (R, T, T).
        columns: float64 tensor (R, T, K), the constant columns.
        basis: bool tensor (R, T).
        k: int tensor (R,), the variable.
        act: bool tensor (R,); where `False`, nothing changes.

    Returns:
        The new tableau, columns and basis.
    """
    unit = tf.one_hot(k, tableau.shape[-1], dtype=tableau.dtype)
    row = tf.gather(tableau, k, axis=1, batch_dims=1)
    inside = tf.gather(basis, k, axis=1, batch_dims=1)
    mirror = tf.where(basis == inside[:, None], row, -row)
    pivot = tf.reduce_sum(unit * row, axis=1)
    p = tf.where(act, 1.0 / tf.maximum(pivot, RIDGE / 2), 0.0)
    left = (p[:, None] * (mirror + unit))[:, :, None]
    tableau -= left * (row - unit)[:, None, :]
    columns -= left * tf.gather(columns, k, axis=1, batch_dims=1)[:, None, :]
    return tableau, columns, tf.math.logical_xor(basis, act[:, None] & (unit > 0))


def refine(x, basis, tableau, matrix, target):
    """Removes the bias of the ridge from a solution on the basis, in three corrections.

    Args:
        x: float64 tensor (R, T), 0 off the basis.
        basis, tableau: as `exchange` returned them.
        matrix: float64 tensor (T, T), without the ridge.
        target: float64 tensor (R, T), what `matrix @ x` shall be on the basis.

    Returns:
        float64 tensor (R, T).
    """
    keep = tf.cast(basis, x.dtype)
    for _ in range(3):
        residual = keep * (target - tf.linalg.matvec(matrix, x))
        x += keep * tf.linalg.matvec(tableau, residual)
    return x


def repeat(step, state, steps):
    """Repeats a step that says first whether it did anything, at most `steps` times.

    The end comes early in eager mode only: compiled, a number of steps that is known saves a
    device from asking its host after each.

    Args:
        step: function of the state's tensors that returns (bool tensor, *state).
        state: tuple of tensors.
        steps: int.

    Returns:
        The last state.
    """
    early = tf.executing_eagerly()

    def going(acted, *_):
        return acted if early else True

    _, *state = tf.while_loop(
        going,
        lambda _, *state: step(*state),
        (tf.constant(True), *state),
        maximum_iterations=steps,
        parallel_iterations=1,
    )
    return state
