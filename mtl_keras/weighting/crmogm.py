"""Smoothed weights: correlation-reduced multi-objective gradient."""

import tensorflow as tf

from mtl_keras.weighting.base import Weighting
from mtl_keras.weighting.registry import register
from mtl_keras.weighting.wrapped import config_of, fresh


@register("crmogm")
class CRMOGM(Weighting):
    """Smooths the weights of another method over the steps: w ← a w + (1 - a) ŵ.

    ŵ are the method's weights for the batch, w those that are used. In the first step of a task
    w is ŵ. The scale is that of the method: weights that sum to a constant still do. What a
    loss method learns is trained as without the wrapper.

    Args:
        weighting: the method, anything that `weighting.get` takes; one with weights, not with a
            direction. Defaults to `"mgda"`.
        alpha: float in [0, 1), a. Defaults to 0.9, as in TorchJD; the paper lets it grow as the
            learning rate falls.

    Raises:
        ValueError: `alpha` is out of range, or the method has no weights.

    Example:
        >>> method = CRMOGM("mgda")
        >>> method.build(["a", "b"])
        >>> _ = method(losses=[1.0, 1.0], gramian=[[1.0, 0.0], [0.0, 3.0]])  # [0.75, 0.25]
        >>> weights = method(losses=[1.0, 1.0], gramian=[[3.0, 0.0], [0.0, 1.0]])  # [0.25, 0.75]
        >>> [round(float(weight), 3) for weight in weights]
        [0.7, 0.3]

    Reference:
        Zhou et al., "On the Convergence of Stochastic Multi-Objective Gradient Manipulation and
        Beyond", NeurIPS 2022. Cost: that of the method.
    """

    def __init__(self, weighting="mgda", alpha=0.9):
        super().__init__()
        if not 0 <= alpha < 1:
            raise ValueError(f"Argument `alpha` must be in [0, 1). Received: alpha={alpha}")
        self.weighting = fresh(weighting, sees=("losses", "gramian", "cross_gramian"))
        self.alpha = float(alpha)
        self.sees, self.at = self.weighting.sees, self.weighting.at
        for hook in ("after_step", "own_weights", "objective"):
            if hasattr(self.weighting, hook):
                setattr(self, hook, getattr(self.weighting, hook))

    def get_config(self):
        return {"weighting": config_of(self.weighting), "alpha": self.alpha}

    def setup(self):
        self.weighting.build(self.task_names)
        self.last_weights, self.seen = (
            self.add_weight(
                shape=(self.num_tasks,), initializer="zeros", trainable=False, name=name
            )
            for name in ("last_weights", "seen")
        )

    @property
    def failures(self):
        """The count of the method's decisions that were not finite; loss methods have none."""
        return self.weighting.failures

    def on_epoch_end(self, mean_losses, present):
        self.weighting.on_epoch_end(mean_losses, present)

    def __call__(self, losses, gramian=None, present=None):
        """Returns what the method returns, a scalar to minimise or the weights (T,).

        Args:
            losses: float tensor (T,).
            gramian: tensor (T, T), for methods that look at one.
            present: bool tensor (T,), which tasks have a label in the batch; all by default.
        """
        losses, present = self._check(losses, present)
        if self.sees != "losses":
            return self._smooth(self.weighting(losses, gramian, present), present)
        fixed = tf.stop_gradient(losses)
        with tf.GradientTape() as tape:
            tape.watch(fixed)
            objective = self.weighting(fixed, present)
        weights = tape.gradient(objective, fixed, unconnected_gradients="zero")
        weights = tf.stop_gradient(self._smooth(weights, present))
        # Of the method's own objective only the gradient for what it learns is left.
        return tf.reduce_sum(weights * losses) + objective - tf.stop_gradient(objective)

    def _smooth(self, weights, present):
        smooth = self.alpha * self.last_weights.value + (1 - self.alpha) * weights
        weights = tf.where(self.seen.value > 0, smooth, weights)
        good = present & tf.reduce_all(tf.math.is_finite(weights))
        self.last_weights.assign(tf.where(good, weights, self.last_weights.value))
        self.seen.assign(tf.where(good, 1.0, self.seen.value))
        return tf.where(present, weights, 0.0)
