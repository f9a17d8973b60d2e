"""Fast adaptive multitask optimisation."""

import tensorflow as tf

from mtl_keras.weighting import simplex
from mtl_keras.weighting.adam import TaskAdam
from mtl_keras.weighting.base import LossWeighting
from mtl_keras.weighting.registry import register

_EPSILON = 1e-8


def _log(losses):
    return tf.math.log(tf.maximum(losses, 0.0) + _EPSILON)


@register("famo")
class FAMO(LossWeighting):
    """Lets all log losses fall alike: c Σ z_i log L_i, z = softmax(ξ), c = 1 / Σ(z_j / L_j).

    c is a constant of the backward pass: the weights are c z_i / L_i, not negative, with sum 1 (the
    mean is the scale to compare with). After the step, with L⁺ the losses of the same batch at the
    new parameters and δ_i = log L_i - log L⁺_i, the logits ξ follow the gradient
    z_i (δ_i - Σ z_j δ_j) + gamma ξ_i. They start at 0.

    As in all public code the step on ξ is one of Adam with gamma as coupled weight decay (the
    paper writes gradient descent), and 1e-8 is added to the losses. The official code also clips
    the shared gradient to norm 1; here that is the optimizer's matter.

    Args:
        gamma: float, the decay of the logits. Defaults to 1e-3, the paper's.
        learning_rate: float, of Adam on the logits. Defaults to 0.025, the paper's.

    Example:
        >>> method = FAMO()
        >>> method.build(["a", "b"])
        >>> _ = method(losses=[1.0, 1.0])
        >>> method.after_step(losses=[0.5, 1.0], present=None)
        >>> [round(float(logit), 3) for logit in method.logits.numpy()]  # the slower one gains
        [-0.025, 0.025]

    Reference:
        Liu, Feng, Stone, Liu, "FAMO: Fast Adaptive Multitask Optimization", NeurIPS 2023, arXiv
        2306.03792. Cost: one backward pass and a second forward pass.
    """

    def __init__(self, gamma=1e-3, learning_rate=0.025):
        super().__init__()
        self.gamma = float(gamma)
        self.learning_rate = float(learning_rate)

    def setup(self):
        self.logits, self.before = (
            self.add_weight(
                shape=(self.num_tasks,), initializer="zeros", trainable=False, name=name
            )
            for name in ("logits", "before")
        )
        self.adam = TaskAdam(self, self.learning_rate)

    def combine(self, losses, present):
        self.before.assign(tf.where(present, losses, self.before.value))
        z = simplex.softmax(self.logits.value, present)
        slopes = z / (tf.maximum(losses, 0.0) + _EPSILON)
        c = tf.math.divide_no_nan(1.0, tf.reduce_sum(slopes))
        return tf.stop_gradient(c) * tf.reduce_sum(z * _log(losses))

    def after_step(self, losses, present):
        losses, present = self._check(losses, present)
        present &= tf.math.is_finite(losses)
        z = simplex.softmax(self.logits.value, present)
        falls = tf.where(present, _log(self.before.value) - _log(losses), 0.0)
        slopes = z * (falls - tf.reduce_sum(z * falls)) + self.gamma * self.logits.value
        self.logits.assign_add(tf.cast(self.adam.step(slopes, present), tf.float32))
