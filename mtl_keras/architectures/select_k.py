"""The gate of DSelect-k: a smooth choice of at most k experts."""

import math

import keras
import numpy as np
from keras import layers

from mtl_keras.architectures.gates import Mixture
from mtl_keras.architectures.mixers import softmax, weighted_sum


def smooth_step(t, gamma=1.0):
    """Returns 0 below -gamma/2, 1 above gamma/2, and a cubic with level ends between.

    Args:
        t: tensor.
        gamma: float, the width. Defaults to 1.

    Example:
        >>> smooth_step(np.array([-0.5, -0.25, 0.0, 0.25, 0.5], "float32")).numpy().tolist()
        [0.0, 0.15625, 0.5, 0.84375, 1.0]
    """
    half = gamma / 2
    inside = keras.ops.clip(t, -half, half)
    cubic = -2 * (inside / gamma) ** 3 + 1.5 * (inside / gamma) + 0.5
    return keras.ops.where(t <= -half, 0.0, keras.ops.where(t >= half, 1.0, cubic))


@keras.saving.register_keras_serializable("mtl_keras")
class SelectK(Mixture):
    """Mixes at most k of n experts: Σ_i q_i e_i with q = Σ_j softmax(w)_j r(z_j).

    The m = ceil(log2 n) numbers z_j write the chosen expert in binary, the largest bit first:
    r(z)_i is the product of S(z_l) where bit l of i is 1 and 1 - S(z_l) where it is 0, with S
    the smooth step. Outside +-gamma/2 the choice is exact, and z has no gradient any more.

    The layer adds to the loss the entropy of the selectors times `entropy_weight`, a variable
    that begins at 0 and that `EntropySchedule` raises; where n is no power of 2 also
    Σ_j 1/Σ_i r(z_j)_i, so that no code without an expert takes the mass.

    Args:
        rows: list of one str, whose mixture it is.
        columns: list of n str, the experts.
        k: int, number of selectors. Defaults to 2.
        gamma: float, width of the smooth step. Defaults to 1.
        per_example: bool, whether z and w are linear in the input rather than variables.
            Defaults to `False`.
        table: str, the place. Defaults to the name of the layer.

    Call arguments:
        inputs: list of n tensors (batch, ...) of one shape; with `per_example` the gate's
            input (batch, D) comes first.

    Example:
        >>> select = SelectK(["a"], ["1", "2", "3", "4"], k=1)
        >>> y = select([np.full((1, 1), float(i)) for i in range(4)])
        >>> _ = select.z.assign([[[0.6, -0.6]]])
        >>> select.mixing().numpy().tolist()
        [[0.0, 0.0, 1.0, 0.0]]
    """

    def __init__(self, rows, columns, k=2, gamma=1.0, per_example=False, **kwargs):
        super().__init__(rows, columns, **kwargs)
        self.k, self.gamma, self.per_example = k, gamma, per_example
        self.sees_data = per_example
        self.bits = math.ceil(math.log2(len(self.columns)))

    def build(self, input_shape):
        self.entropy_weight = self.add_float32("entropy_weight", (), "zeros", trainable=False)
        width = input_shape[0][-1] if self.per_example else 1
        small = keras.initializers.RandomUniform(-self.gamma / 100, self.gamma / 100)
        even = keras.initializers.RandomUniform(-0.05, 0.05)
        if self.bits:
            self.z = self.add_float32("z", (width, self.k, self.bits), small)
            self.w = self.add_float32("w", (width, self.k), even)
        if self.bits and self.per_example:
            self.z_bias = self.add_float32("z_bias", (self.k, self.bits), small.clone())
            self.w_bias = self.add_float32("w_bias", (self.k,), even.clone())

    def call(self, inputs):
        x, parts = (inputs[0], inputs[1:]) if self.per_example else (None, inputs)
        if self.bits == 0:
            return keras.ops.convert_to_tensor(parts[0])
        selectors, shares = self._selectors(x)
        self.add_loss(self._penalty(selectors))
        return weighted_sum(keras.ops.einsum("bk,bkn->bn", shares, selectors), parts)

    def gate(self, x=None):
        """Returns the weights (batch, n), without an input of its own (1, n)."""
        if self.bits == 0:
            return keras.ops.ones((1, 1))
        selectors, shares = self._selectors(x)
        return keras.ops.einsum("bk,bkn->bn", shares, selectors)

    def _selectors(self, x):
        """Returns r (batch or 1, k, n) and softmax(w) (batch or 1, k)."""
        z, w = self.z, self.w
        if self.per_example:
            x = keras.ops.cast(x, "float32")
            z = keras.ops.einsum("bd,dkm->bkm", x, self.z) + self.z_bias
            w = keras.ops.matmul(x, self.w) + self.w_bias
        numbers = np.arange(len(self.columns))
        steps = smooth_step(z, self.gamma)
        selectors = 1.0
        for place in range(self.bits):
            bit = (numbers >> (self.bits - 1 - place)) & 1
            step = steps[..., place, None]
            selectors = selectors * keras.ops.where(bit == 1, step, 1 - step)
        return selectors, softmax(w)

    def _penalty(self, selectors):
        entropy = -keras.ops.sum(selectors * keras.ops.log(selectors + 1e-6), axis=(1, 2))
        penalty = self.entropy_weight * keras.ops.mean(entropy)
        if len(self.columns) < 2**self.bits:
            # Where all mass is on codes without an expert, the paper's term is infinite.
            reached = keras.ops.maximum(keras.ops.sum(selectors, axis=2), 1e-3)
            penalty += keras.ops.mean(keras.ops.sum(1 / reached, axis=1))
        return penalty

    def harden(self, inputs):
        if self.per_example or self.bits == 0:
            return self(inputs)
        selectors, shares = self._selectors(None)
        weights = {}
        for chosen, share in zip(np.argmax(selectors[0], axis=-1), np.array(shares[0])):
            weights[chosen] = weights.get(chosen, 0.0) + float(share)
        if len(weights) == 1:
            return inputs[chosen]
        scaled = [
            layers.Rescaling(share, name=f"{self.name}_{chosen}")(inputs[chosen])
            for chosen, share in weights.items()
        ]
        return layers.Add(name=f"{self.name}_sum")(scaled)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[-1])

    def get_config(self):
        own = {"k": self.k, "gamma": self.gamma, "per_example": self.per_example}
        return {**super().get_config(), **own}
