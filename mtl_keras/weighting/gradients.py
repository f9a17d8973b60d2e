"""Per-task gradients as a Gramian or a Jacobian."""

import tensorflow as tf

_COLUMNS, _PIECES = 2**14, 16


def gramian(gradients, others=None):
    """Returns the inner products of the task gradients.

    Each block is cast to float64 before the product, so that losses of very different scale
    keep their angles.

    Args:
        gradients: one list per task of tensors or `None` (the task does not reach that
            variable), in one order of variables.
        others: the second set of gradients for a cross Gramian. Defaults to the first.

    Returns:
        float64 tensor (T, T).

    Example:
        >>> import tensorflow as tf
        >>> gramian([[tf.constant([1.0, 2.0])], [None]]).numpy().tolist()
        [[5.0, 0.0], [0.0, 0.0]]
    """
    total = tf.zeros([len(gradients)] * 2, tf.float64)
    for index in range(len(gradients[0])):
        left = _block([task[index] for task in gradients])
        right = left if others is None else _block([task[index] for task in others])
        if left is not None and right is not None:
            product = _product(left[1], right[1])
            total += _spread(product, left[0], right[0], len(gradients))
    return total


def _block(rows):
    """Returns (task numbers, K tensors (P,)) of the tasks that reach a variable, or None."""
    tasks = [task for task, row in enumerate(rows) if row is not None]
    if not tasks:
        return None
    return tasks, [tf.reshape(tf.convert_to_tensor(rows[t]), [-1]) for t in tasks]


def _product(left, right):
    """Returns the inner products (K, K'), float64, of two lists of tensors (P,).

    Large ones piece by piece: all at once, stacked and in float64, they would take three times the
    memory of the gradients themselves.
    """

    def stacked(rows, columns):
        return tf.cast(tf.stack([row[columns] for row in rows]), tf.float64)

    size = left[0].shape[0]
    step = size and max(_COLUMNS, -(-size // _PIECES))
    total = []
    for start in range(0, size or 1, step or 1):
        columns = slice(start, step and start + step)
        with tf.control_dependencies(total[-1:]):
            one = stacked(left, columns)
            other = one if left is right else stacked(right, columns)
            total.append(tf.matmul(one, other, transpose_b=True))
    return tf.add_n(total)


def _spread(product, left, right, tasks):
    """Puts a (K, K') product in its rows and columns of a (T, T) matrix of zeros."""
    rows = tf.one_hot(left, tasks, dtype=product.dtype)
    columns = tf.one_hot(right, tasks, dtype=product.dtype)
    return tf.matmul(rows, tf.matmul(product, columns), transpose_a=True)


def jacobian(gradients, variables):
    """Returns the task gradients as one matrix (T, P), float32.

    Args:
        gradients: as for `gramian`.
        variables: list of the variables, in the order of the gradients.

    Example:
        >>> import tensorflow as tf
        >>> jacobian([[tf.constant([1.0])], [None]], [tf.Variable([0.0])]).numpy().tolist()
        [[1.0], [0.0]]
    """

    def flat(gradient, variable):
        if gradient is None:
            return tf.zeros([variable.shape.num_elements()], tf.float32)
        return tf.reshape(tf.cast(tf.convert_to_tensor(gradient), tf.float32), [-1])

    if not variables:
        return tf.zeros([len(gradients), 0])
    return tf.stack(
        [tf.concat([flat(g, v) for g, v in zip(task, variables)], axis=0) for task in gradients]
    )


def split(direction, variables):
    """Cuts a direction (P,) into tensors of the variables' shapes.

    Args:
        direction: tensor (P,), a row of `jacobian`.
        variables: list of the variables, as for `jacobian`.

    Returns:
        A list of tensors.

    Example:
        >>> import tensorflow as tf
        >>> parts = split(tf.zeros([5]), [tf.zeros([2]), tf.zeros([3, 1])])
        >>> [part.shape.as_list() for part in parts]
        [[2], [3, 1]]
    """
    if not variables:
        return []
    sizes = [v.shape.num_elements() for v in variables]
    return [tf.reshape(part, v.shape) for part, v in zip(tf.split(direction, sizes), variables)]


def weighted_sum(gradients, weights):
    """Returns Σ w_t g_t for each variable; `None` where no task reaches it.

    Args:
        gradients: as for `gramian`.
        weights: float32 tensor (T,).

    Example:
        >>> import tensorflow as tf
        >>> weighted_sum([[tf.constant([1.0]), None], [tf.constant([3.0]), None]], [1.0, 2.0])
        [<tf.Tensor: shape=(1,), dtype=float32, numpy=array([7.], dtype=float32)>, None]
    """
    combined = []
    for index in range(len(gradients[0])):
        parts = [
            weights[t] * tf.convert_to_tensor(task[index])
            for t, task in enumerate(gradients)
            if task[index] is not None
        ]
        combined.append(tf.add_n(parts) if parts else None)
    return combined
