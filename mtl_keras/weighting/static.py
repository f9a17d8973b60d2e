"""Constant weights."""

import tensorflow as tf

from mtl_keras.errors import unknown
from mtl_keras.weighting.base import LossWeighting
from mtl_keras.weighting.registry import register


@register("static")
class Static(LossWeighting):
    """Adds the task losses with constant weights, Σ c_i L_i (weights as given).

    Args:
        weights: dict task name -> float, not negative; a task left out has weight 1.

    Raises:
        ValueError: a weight is negative or not finite, or names a task that the model lacks.

    Example:
        >>> method = Static(weights={"a": 0.5})
        >>> method.build(["a", "b"])
        >>> float(method(losses=[1.0, 3.0]))
        3.5
    """

    def __init__(self, weights):
        super().__init__()
        for task, weight in weights.items():
            if not 0 <= float(weight) < float("inf"):
                raise ValueError(
                    f"Argument `weights` must hold finite numbers that are not negative. "
                    f"Received: weights[{task!r}]={weight}"
                )
        self.static_weights = {task: float(weight) for task, weight in weights.items()}

    def get_config(self):
        return {"weights": dict(self.static_weights)}

    def setup(self):
        for task in self.static_weights:
            if task not in self.task_names:
                raise unknown("task in weighting", task, self.task_names)

    def weights(self, losses):
        return tf.constant([self.static_weights.get(task, 1.0) for task in self.task_names])
