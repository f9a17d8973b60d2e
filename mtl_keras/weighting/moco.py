"""Multi-objective gradient with correction."""

import tensorflow as tf

from mtl_keras.errors import unknown
from mtl_keras.weighting import simplex
from mtl_keras.weighting.base import JacobianWeighting
from mtl_keras.weighting.registry import register

_FORMS = ("paper", "code")


@register("moco")
class MoCo(JacobianWeighting):
    """Combines running averages of the task gradients, which lack the noise of single batches.

    In step k, with β = beta / k^beta_sigma and c = gamma / k^gamma_sigma: y_i ← y_i - β (y_i - g_i)
    and w ← Π(w - c (Y Yᵀ w + rho w)), Π the projection on the simplex; d = Yᵀ w. The w are not
    negative and sum to 1 (the mean is the scale to compare with) and start at 1/T; the y start
    at 0, so that the first steps are shorter.

    The authors' code, in LibMTL, is another method: each g_i is first scaled to the length L_i, and
    a softmax takes the place of the projection, which keeps the weights near even. That is
    `form="code"`.

    Args:
        form: `"paper"` or `"code"`. Defaults to `"paper"`.
        beta: float, how much of a new gradient enters. Defaults to 0.5.
        beta_sigma: float. Defaults to 0.5.
        gamma: float, the step size of the weights. Defaults to 0.1. In the paper's form it is not
            free of the scale of the losses.
        gamma_sigma: float. Defaults to 0.5.
        rho: float, pulls towards even weights. Defaults to 0.

    Raises:
        ValueError: the form is not known.

    Example:
        >>> method = MoCo()
        >>> method.build(["a", "b"], size=2)
        >>> direction = method(losses=[1.0, 1.0], jacobian=[[2.0, 0.0], [0.0, 4.0]])
        >>> [round(float(entry), 3) for entry in direction]
        [0.575, 0.85]

    Reference:
        Fernando et al., "Mitigating Gradient Bias in Multi-objective Learning: A Provably
        Convergent Approach", ICLR 2023, arXiv 2210.12624. Cost: T task gradients, T x P work and
        a state of T x P.
    """

    def __init__(self, form="paper", beta=0.5, beta_sigma=0.5, gamma=0.1, gamma_sigma=0.5, rho=0.0):
        super().__init__()
        if form not in _FORMS:
            raise unknown("form", form, _FORMS)
        self.form = form
        self.beta = float(beta)
        self.beta_sigma = float(beta_sigma)
        self.gamma = float(gamma)
        self.gamma_sigma = float(gamma_sigma)
        self.rho = float(rho)

    def setup(self):
        self.shares = self.add_weight(
            shape=(self.num_tasks,), initializer="ones", trainable=False, name="shares"
        )
        self.steps = self.add_weight(
            shape=(), initializer="zeros", dtype="int64", trainable=False, name="steps"
        )

    def setup_parameters(self, size):
        self.averages = self.add_weight(
            shape=(self.num_tasks, size), initializer="zeros", trainable=False, name="averages"
        )

    def direction(self, jacobian, losses, present):
        self.steps.assign_add(1)
        k = tf.cast(self.steps.value, tf.float32)
        if self.form == "code":
            norms = tf.norm(jacobian, axis=1)
            jacobian *= tf.math.divide_no_nan(losses, norms)[:, None]
        beta = self.beta / k**self.beta_sigma
        averages = self.averages.value + beta * (jacobian - self.averages.value)
        kept = present[:, None] & tf.reduce_all(tf.math.is_finite(averages))
        self.averages.assign(tf.where(kept, averages, self.averages.value))
        rows = tf.where(present[:, None], averages, 0.0)
        w, total = simplex.shares(self.shares, present)
        slopes = tf.linalg.matvec(tf.cast(tf.matmul(rows, rows, transpose_b=True), w.dtype), w)
        gamma = tf.cast(self.gamma / k**self.gamma_sigma, w.dtype)
        moved = w - gamma * (slopes + self.rho * w)
        move = simplex.project if self.form == "paper" else simplex.softmax
        w = move(moved, present)
        simplex.keep(self.shares, w, total, present)
        return tf.linalg.matvec(rows, tf.cast(w, rows.dtype), transpose_a=True)
