"""Gradient vaccine."""

import tensorflow as tf

from mtl_keras.weighting.pcgrad import PCGrad
from mtl_keras.weighting.registry import register
from mtl_keras.weighting.solvers import unit_gramian


@register("gradvac")
class GradVac(PCGrad):
    """Turns each task's gradient towards the others as far as they have agreed so far, then adds.

    For each task i: h = g_i; for every j ≠ i in random order, with r the cosine of h and g_j: if
    r < φ_ij, a multiple of g_j is added to h that makes their cosine φ_ij; then φ_ij becomes
    (1 - β) φ_ij + β r. The direction is Σ h, the sum is the scale to compare with; with targets
    φ = 0, as at the start, it is `PCGrad`. Weights are not negative.

    The paper keeps targets for each layer; here, as in LibMTL's `whole`, there is one for each pair
    over all that is shared. As in all public codes r is measured on the h that was already
    turned towards other tasks, so that targets depend on the orders drawn. Targets stay below
    1 - 1e-8. A task whose gradient is zero is in nobody's way and keeps its targets.

    Args:
        beta: float in [0, 1], β. Defaults to 0.01, the paper's; LibMTL and TorchJD have 0.5.
        shuffle: bool, whether the order is random. `False`: ascending. Defaults to `True`.
        seed: int or `None`, seed of the orders. The state of the draws is saved with the model.

    Raises:
        ValueError: `beta` is out of range.

    Example:
        >>> method = GradVac()
        >>> method.build(["a", "b"])
        >>> method(losses=[1.0, 1.0], gramian=[[1.0, -1.0], [-1.0, 4.0]]).numpy().tolist()
        [2.0, 1.25]

    Reference:
        Wang, Tsvetkov, Firat, Cao, "Gradient Vaccine: Investigating and Improving Multi-task
        Optimization in Massively Multilingual Models", ICLR 2021, arXiv 2010.05874, equations 2
        and 3. Cost: T task gradients, then T steps of T x T x T work.
    """

    def __init__(self, beta=0.01, shuffle=True, seed=None):
        super().__init__(shuffle, seed)
        if not 0 <= beta <= 1:
            raise ValueError(f"Argument `beta` must be from 0 to 1. Received: beta={beta}")
        self.beta = float(beta)

    def setup(self):
        self.targets = self.add_weight(
            shape=(self.num_tasks, self.num_tasks),
            initializer="zeros",
            dtype="float64",
            trainable=False,
            name="targets",
        )

    def weights(self, gramian, present):
        cosines, norms, inverse, live = unit_gramian(gramian)

        def turn(rows, targets, other):
            """Turns h_i = n_i Σ rows_ij u_j towards one other task each."""
            along = tf.reduce_sum(rows * tf.gather(cosines, other), axis=1)
            square = tf.reduce_sum(rows * tf.matmul(rows, cosines), axis=1)
            there = square > 1e-14 * tf.reduce_sum(tf.abs(rows), axis=1) ** 2  # else rounding
            length = tf.where(there, tf.sqrt(tf.where(there, square, 1.0)), 0.0)
            rho = tf.where(there, along / tf.where(there, length, 1.0), 0.0)
            rho = tf.clip_by_value(rho, -1.0, 1.0)
            phi = tf.gather(targets, other, axis=1, batch_dims=1)
            pair = live & tf.gather(live, other) & (other != tf.range(self.num_tasks))
            pair &= tf.math.is_finite(along)
            tangent = phi * tf.math.rsqrt(1 - phi**2)
            added = length * (tangent * tf.sqrt(1 - rho**2) - rho)
            one_hot = tf.one_hot(other, self.num_tasks, dtype=rows.dtype)
            rows += tf.where(pair & (rho < phi), added, 0.0)[:, None] * one_hot
            moved = tf.minimum(phi + self.beta * (rho - phi), 1 - 1e-8) - phi
            return rows, targets + tf.where(pair, moved, 0.0)[:, None] * one_hot

        rows, targets = self._visit(turn, self.targets.value)
        self.targets.assign(targets)
        weights = inverse * tf.linalg.matvec(rows, norms, transpose_a=True)
        return tf.where(live, weights, tf.cast(present, weights.dtype))
