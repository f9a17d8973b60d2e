"""Adam for what a method learns about its tasks."""

import math

import tensorflow as tf

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-8


class TaskAdam:
    """Adam on one number for each task, each with its own count of steps.

    A task that sits a step out keeps its averages, which an optimizer of Keras would let decay.

    Args:
        layer: the method, in its `setup`; it keeps the state.
        learning_rate: float.

    Example:
        >>> from mtl_keras.weighting import Equal
        >>> class Learner(Equal):
        ...     def setup(self):
        ...         self.adam = TaskAdam(self, 0.1)
        >>> method = Learner()
        >>> method.build(["a", "b"])
        >>> method.adam.step([3.0, -5.0], present=[True, False]).numpy().round(6).tolist()
        [-0.1, 0.0]

    Reference:
        Kingma, Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, arXiv 1412.6980.
    """

    def __init__(self, layer, learning_rate):
        self.learning_rate = learning_rate
        # float64, as the square of a float32 slope may not be one.
        self.state = [
            layer.add_weight(
                shape=(layer.num_tasks,),
                initializer="zeros",
                dtype="float64",
                trainable=False,
                name=name,
            )
            for name in ("momentum", "velocity", "updates")
        ]

    def step(self, slopes, present):
        """Takes a step.

        Args:
            slopes: float tensor (T,), the gradient.
            present: bool tensor (T,), which tasks take part.

        Returns:
            float64 tensor (T,), what is to be added; 0 where a task takes no part.
        """
        slopes = tf.where(present, tf.cast(slopes, tf.float64), 0.0)
        momentum, velocity, count = (variable.value for variable in self.state)
        momentum = _BETA_1 * momentum + (1 - _BETA_1) * slopes
        velocity = _BETA_2 * velocity + (1 - _BETA_2) * slopes**2
        count = count + 1
        for variable, value in zip(self.state, (momentum, velocity, count), strict=True):
            variable.assign(tf.where(present, value, variable.value))
        first, second = (-tf.math.expm1(count * math.log(beta)) for beta in (_BETA_1, _BETA_2))
        change = momentum / first / (tf.sqrt(velocity / second) + _EPSILON)
        return tf.where(present, -self.learning_rate * change, 0.0)
