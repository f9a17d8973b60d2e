"""Methods that remember something for every task and parameter."""

import tensorflow as tf

from mtl_keras.weighting.base import JacobianWeighting


class PerParameterWeighting(JacobianWeighting):
    """Base class of direction methods with a state of the size of the Jacobian, (T, P).

    Such a method must know P when it is built: `build(task_names, size)`. `self.size` is
    set when `setup` runs.

    Example:
        >>> class Latest(PerParameterWeighting):
        ...     def setup(self):
        ...         self.rows = self.add_rows("rows")
        ...     def direction(self, jacobian, present):
        ...         self.keep_rows(self.rows, jacobian, present)
        ...         return tf.reduce_sum(self.rows.value, axis=0)
        >>> method = Latest()
        >>> method.build(["a", "b"], size=2)
        >>> rows = [[1.0, 2.0], [3.0, 4.0]]
        >>> _ = method(losses=[1.0, 1.0], jacobian=rows)
        >>> method(losses=[1.0, 1.0], jacobian=rows, present=[True, False]).numpy().tolist()
        [4.0, 6.0]
    """

    def build(self, task_names, size):
        """Makes the state for these tasks.

        Args:
            task_names: list of str, in the order in which losses and gradients are given.
            size: int, the number of columns of the Jacobian, P.
        """
        self.size = int(size)
        super().build(task_names)

    def get_build_config(self):
        config = super().get_build_config()
        return config and {**config, "size": self.size}

    def build_from_config(self, config):
        self.build(config["task_names"], config["size"])

    def add_rows(self, name):
        """Returns a new variable (T, P) of zeros."""
        return self.add_weight(
            shape=(self.num_tasks, self.size), initializer="zeros", trainable=False, name=name
        )

    def keep_rows(self, variable, rows, present):
        """Writes the rows of present tasks; none if one is not finite."""
        good = tf.reduce_all(tf.math.is_finite(tf.where(present[:, None], rows, 0.0)))
        variable.assign(tf.where(present[:, None] & good, rows, variable.value))
