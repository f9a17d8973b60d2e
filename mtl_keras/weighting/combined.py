"""A loss method and a gradient method in one."""

import tensorflow as tf

from mtl_keras.weighting.base import Weighting
from mtl_keras.weighting.registry import register
from mtl_keras.weighting.wrapped import config_of, fresh


@register("combined")
class Combined(Weighting):
    """Scales the losses by one method and balances the gradients of the scaled losses by another.

    With c the weights of the loss method, the gradient method is shown the losses c_i L_i and the
    Gramian c_i c_j G_ij, and answers w: the weights are c_i w_i, and the own variables of a task
    get their gradient times c_i. What the loss method learns is trained on its own objective,
    which w does not touch. IMTL joins its two halves so, and PCGrad's paper it and `Uncertainty`.

    Args:
        loss: the loss method, anything that `weighting.get` takes. Defaults to `"uncertainty"`.
        gradient: the gradient method, likewise; one with weights, not with a direction. Defaults
            to `"pcgrad"`.

    Raises:
        ValueError: a method is not known or is not of that kind.

    Example:
        >>> method = Combined(loss={"a": 0.5}, gradient="pcgrad")
        >>> method.build(["a", "b"])
        >>> weights = method(losses=[1.0, 1.0], gramian=[[1.0, -1.0], [-1.0, 4.0]])
        >>> weights.numpy().tolist()  # without the loss method [2.0, 1.25]
        [1.5, 1.125]
        >>> method.own_weights(weights, losses=[1.0, 1.0], present=[True, True]).numpy().tolist()
        [0.5, 1.0]

    Reference:
        Liu et al., "Towards Impartial Multi-task Learning", ICLR 2021, section 3.3. Cost: that of
        the gradient method.
    """

    def __init__(self, loss="uncertainty", gradient="pcgrad"):
        super().__init__()
        self.loss = fresh(loss, sees=("losses",))
        self.gradient = fresh(gradient, sees=("gramian", "cross_gramian"))
        self.sees, self.at = self.gradient.sees, self.gradient.at
        if hasattr(self.loss, "after_step"):
            self.after_step = self.loss.after_step

    def get_config(self):
        return {name: config_of(method) for name, method in super().get_config().items()}

    def setup(self):
        self.loss.build(self.task_names)
        self.gradient.build(self.task_names)
        self.scales, self.last_weights = (
            self.add_weight(shape=(self.num_tasks,), initializer="ones", trainable=False, name=name)
            for name in ("scales", "last_weights")
        )

    @property
    def failures(self):
        """The count of the gradient method's decisions that were not finite."""
        return self.gradient.failures

    def on_epoch_end(self, mean_losses, present):
        self.loss.on_epoch_end(mean_losses, present)
        self.gradient.on_epoch_end(mean_losses, present)

    def __call__(self, losses, gramian, present=None):
        """Returns the weights (T,) float32.

        Args:
            losses: float tensor (T,).
            gramian: tensor (T, T), of two batches for methods that need those.
            present: bool tensor (T,), which tasks have a label in the batch; all by default.
        """
        losses, present = self._check(losses, present)
        with tf.GradientTape() as tape:
            tape.watch(losses)
            objective = self.loss(losses, present)
        scales = tape.gradient(objective, losses, unconnected_gradients="zero")
        good = present & tf.reduce_all(tf.math.is_finite(scales))
        scales = tf.where(good, scales, self.scales.value)
        self.scales.assign(scales)
        wide = tf.cast(scales, tf.float64)
        gramian = wide[:, None] * tf.cast(gramian, tf.float64) * wide[None, :]
        weights = scales * self.gradient(scales * losses, gramian, present)
        self.last_weights.assign(tf.where(present, weights, self.last_weights.value))
        return weights

    def own_weights(self, weights, losses, present):
        scales = self.scales.value
        if not hasattr(self.gradient, "own_weights"):
            return tf.where(present, scales, 0.0)
        return scales * self.gradient._ask(
            self.gradient.own_weights,
            weights=tf.math.divide_no_nan(weights, scales),
            losses=scales * losses,
            present=present,
        )

    def objective(self, losses, present):
        losses, scales = tf.stop_gradient(losses), tf.where(present, self.scales.value, 0.0)
        total = tf.constant(0.0)
        if self.loss.trainable_variables:
            total += self.loss(losses, present)
        if hasattr(self.gradient, "objective"):
            total += self.gradient._ask(
                self.gradient.objective, losses=scales * losses, present=present
            )
        return total
