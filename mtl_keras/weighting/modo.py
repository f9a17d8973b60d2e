"""Multi-objective gradient with double sampling."""

import tensorflow as tf

from mtl_keras.weighting import simplex
from mtl_keras.weighting.base import TwoBatchGramianWeighting
from mtl_keras.weighting.registry import register


@register("modo")
class MoDo(TwoBatchGramianWeighting):
    """Takes one projected step a batch towards the shortest combination of the gradients.

    w ← Π(w - gamma (J₁ J₂ᵀ w + rho w)), Π the projection on the simplex: with gradients of two
    independent samples the step is right on average. The weights are not negative and sum to 1
    (the mean is the scale to compare with); they start at 1/T. With J₁ = J₂ and rho = 0, MGDA's w
    is the fixed point.

    The update is that of the whole batch, of which J₁ and J₂ see a half each; the paper draws a
    third sample for it, the official code adds J₁ and J₂ (twice the scale).

    Args:
        gamma: float, the step size of the weights. Defaults to 0.1, as in the official code;
            it is not free of the scale of the losses.
        rho: float, pulls towards even weights. Defaults to 0.1.

    Example:
        >>> method = MoDo()
        >>> method.build(["a", "b"])
        >>> weights = method(losses=[1.0, 1.0], gramian=[[1.0, 0.0], [0.0, 3.0]])
        >>> [round(float(weight), 3) for weight in weights]
        [0.55, 0.45]

    Reference:
        Chen, Fernando, Ying, Chen, "Three-Way Trade-Off in Multi-Objective Learning: Optimization,
        Generalization and Conflict-Avoidance", NeurIPS 2023, arXiv 2305.20057, algorithm 1.
        Cost: 3 T task gradients, two of them of half the batch.
    """

    def __init__(self, gamma=0.1, rho=0.1):
        super().__init__()
        self.gamma = float(gamma)
        self.rho = float(rho)

    def setup(self):
        self.shares = self.add_weight(
            shape=(self.num_tasks,), initializer="ones", trainable=False, name="shares"
        )

    def weights(self, gramian, present):
        w, total = simplex.shares(self.shares, present)
        slopes = tf.linalg.matvec(gramian, w) + self.rho * w
        w = simplex.project(w - self.gamma * slopes, present)
        simplex.keep(self.shares, w, total, present)
        return w
