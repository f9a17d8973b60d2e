"""The weighting methods as Kurin et al. ran them on MultiMNIST."""

import dataclasses

import keras
import tensorflow as tf

import mtl_keras as mtl


@keras.saving.register_keras_serializable("mtl_keras")
class PlainLossMGDA(mtl.weighting.MGDAUB):
    """MGDA-UB that normalises to decide, and applies what it decided to the plain losses.

    The weights are those of the shortest convex combination of the gradients divided by
    L_i ‖g_i‖ (`"loss+"`), with sum 1. `MGDAUB("loss+")` weighs the normalised gradients. What is no
    conflict among these may be one among the plain gradients.

    Example:
        >>> method = PlainLossMGDA()
        >>> method.build(["a", "b"])
        >>> weights = method(losses=[1.0, 1.0], gramian=[[1.0, 0.0], [0.0, 9.0]])
        >>> weights.numpy().round(6).tolist()
        [0.5, 0.5]
    """

    non_conflicting = False

    def __init__(self):
        super().__init__(normalization="loss+")

    def weights(self, gramian, losses, present):
        weights = super().weights(gramian, losses, present)
        norms = tf.sqrt(tf.linalg.diag_part(gramian))
        sizes = tf.where(losses > 0, tf.cast(losses, norms.dtype), 1.0)
        weights *= sizes * tf.where(norms > 0, norms, 1.0)
        return weights / tf.reduce_sum(weights)


@keras.saving.register_keras_serializable("mtl_keras")
class RescaledGradDrop(mtl.weighting.GradDrop):
    """GradDrop whose direction is made as long as the sum of the gradients.

    Example:
        >>> method = RescaledGradDrop(seed=0)
        >>> method.build(["a", "b"])
        >>> method(losses=[1.0, 1.0], jacobian=[[1.0, 2.0], [1.0, 3.0]]).numpy().tolist()
        [2.0, 5.0]
    """

    def direction(self, jacobian, features):
        kept = super().direction(jacobian, features)
        total = tf.reduce_sum(jacobian, axis=0)
        return kept * tf.math.divide_no_nan(tf.norm(total), tf.norm(kept))


@dataclasses.dataclass(frozen=True)
class Method:
    """What a run tells `compile`.

    Args:
        weighting: what `weighting.get` takes, a class too.
        at: where a method that looks at gradients does so, `None` for its own place.
        loss_weight: float, factor of every loss.
    """

    weighting: object
    at: str | None = None
    loss_weight: float = 1.0

    def options(self, tasks):
        """Returns the arguments of `compile`."""
        return {
            "weighting": self.weighting,
            "jacobian": mtl.Jacobian(at=self.at) if self.at else None,
            "loss_weights": dict.fromkeys(tasks, self.loss_weight),
        }


def _rlw(distribution):
    # Their weights sum to the number of tasks, those of `RLW` to 1.
    config = {"distribution": distribution}
    return Method({"class_name": "RLW", "config": config}, loss_weight=2.0)


METHODS = {
    "equal": Method("equal"),
    "imtl": Method("imtl", at="features"),
    "mgda": Method(PlainLossMGDA),
    "graddrop": Method(RescaledGradDrop, at="features"),
    "pcgrad": Method("pcgrad"),
    "rlw_dirichlet": _rlw("dirichlet"),
    "rlw_normal": _rlw("normal"),
}


def get(name):
    """Returns a method in the published form, or else one of `weighting.names()` as it is.

    Example:
        >>> get("mgda").weighting.__name__, get("nash_mtl").weighting
        ('PlainLossMGDA', 'nash_mtl')
    """
    return METHODS.get(name) or Method(name)
