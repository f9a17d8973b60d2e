"""Gradient normalisation."""

import tensorflow as tf

from mtl_keras.weighting.adam import TaskAdam
from mtl_keras.weighting.base import GramianWeighting
from mtl_keras.weighting.registry import register

_SMALLEST = 1e-6


@register("gradnorm")
class GradNorm(GramianWeighting):
    """Learns weights that make all tasks train at similar rates.

    With n_i the norm of the task's gradient, r_i = (L_i / L_i⁰) / mean_j(L_j / L_j⁰) and
    t_i = mean_j(w_j n_j) r_i^alpha, taken as constant, the weights follow the gradient of
    Σ |w_i n_i - t_i|, which is n_i sign(w_i n_i - t_i). After each step they are scaled to sum to T
    (the sum is the scale to compare with); they start at 1 and stay above 0. A step uses
    the weights from before their own. The losses themselves are scaled: the own variables
    of a task get their gradient times w_i.

    L_i⁰ is the first loss that the method sees of the task, as in the paper. LibMTL learns logits
    of a softmax with the model's optimizer (and its weight decay), takes the mean loss of the first
    epoch for L⁰ and the norms over all shared parameters. The norms are those at the last shared
    layer, unless `compile(jacobian=...)` says otherwise.

    Args:
        alpha: float, how hard slow tasks are pulled. Defaults to 1.5, the paper's for NYUv2.
        learning_rate: float, of Adam on the weights. Defaults to 0.025, the paper's.

    Raises:
        ValueError: `learning_rate` is not positive.

    Example:
        >>> method = GradNorm()
        >>> method.build(["a", "b"])
        >>> for _ in range(2):
        ...     weights = method(losses=[1.0, 1.0], gramian=[[1.0, 0.0], [0.0, 9.0]])
        >>> weights.numpy().astype(float).round(3).tolist()
        [1.025, 0.975]

    Reference:
        Chen, Badrinarayanan, Lee, Rabinovich, "GradNorm: Gradient Normalization for Adaptive Loss
        Balancing in Deep Multitask Networks", ICML 2018, arXiv 1711.02257, algorithm 1. Cost: T
        task gradients, of which the last shared layer's are used.
    """

    at = "last_block"

    def __init__(self, alpha=1.5, learning_rate=0.025):
        super().__init__()
        if not learning_rate > 0:
            raise ValueError(
                f"Argument `learning_rate` must be > 0. Received: learning_rate={learning_rate}"
            )
        self.alpha = float(alpha)
        self.learning_rate = float(learning_rate)

    def setup(self):
        self.task_weights, self.initial_losses = (
            self.add_weight(
                shape=(self.num_tasks,), initializer=initial, trainable=False, name=name
            )
            for name, initial in (("task_weights", "ones"), ("initial_losses", "zeros"))
        )
        self.adam = TaskAdam(self, self.learning_rate)

    def weights(self, gramian, losses, present):
        first = present & ~(self.initial_losses.value > 0)
        self.initial_losses.assign(tf.where(first, losses, self.initial_losses.value))
        count = tf.reduce_sum(tf.cast(present, tf.float64))
        stored = tf.where(present, tf.cast(self.task_weights.value, tf.float64), 0.0)
        scale = count / tf.maximum(tf.reduce_sum(stored), _SMALLEST)
        weights = scale * stored
        slopes = self._slopes(weights, tf.sqrt(tf.linalg.diag_part(gramian)), losses, present)
        sound = present & tf.reduce_all(tf.math.is_finite(slopes))
        new = tf.maximum(weights + self.adam.step(slopes, sound), _SMALLEST)
        new = tf.where(present, new, 0.0)
        new *= count / tf.maximum(tf.reduce_sum(new), _SMALLEST)
        new = tf.cast(new / scale, tf.float32)
        self.task_weights.assign(tf.where(sound, new, self.task_weights.value))
        return weights

    def _slopes(self, weights, norms, losses, present):
        """Returns the gradient (T,) of the distances to the target norms, 0 where absent."""
        count = tf.maximum(tf.reduce_sum(tf.cast(present, tf.float64)), 1.0)
        initial = tf.cast(self.initial_losses.value, tf.float64)
        known = present & (initial > 0)
        rates = tf.cast(losses, tf.float64) / tf.where(known, initial, 1.0)
        rates = tf.where(known, rates, tf.cast(present, tf.float64))
        rates /= tf.maximum(tf.reduce_sum(rates) / count, 1e-30)
        mean = tf.reduce_sum(weights * norms) / count
        target = mean * tf.maximum(rates, 0.0) ** self.alpha
        return tf.where(present, norms * tf.sign(weights * norms - target), 0.0)

    def own_weights(self, weights):
        return weights
