"""Mixtures of at most k experts, which a differentiable selector chooses."""

import keras

from mtl_keras.architectures.gates import GatedArchitecture
from mtl_keras.architectures.select_k import SelectK


class dselect_k(GatedArchitecture):
    """Shares n experts, of which each task comes to use at most k.

    As `mmoe`, with gates that are sums of k selectors, each of which a smooth step makes exactly
    one expert in the end: train with the callback `EntropySchedule`, and `harden` the model. The
    selectors are variables, the same for all examples, or with `per_example` linear in the input.

    Parameters: n P_E + K k (m + 1), with P_E those of a trunk, K tasks and m = ceil(log2 n); with
    `per_example` n P_E + K k (D + 1)(m + 1). Shared: the experts. Cost: n trunks; with one input
    for each task K n; hardened, only the chosen ones.

    Args:
        make: function name -> trunk, such as `lambda name: conv_trunk(8, name=name)`.
        tasks: list of str.
        experts: int, number of experts n. Defaults to 4.
        k: int, number of selectors of each task. Defaults to 2.
        gamma: float, width of the smooth step. Defaults to 1.
        per_example: bool, whether the selectors see the input. Defaults to `False`.
        gate: function tensor -> (batch, D), what the gates see with `per_example`. Defaults to
            `None`: pictures averaged over 8 x 8 cells, vectors as they are.
        name: str, prefix of the layers' names. Defaults to `"dselect_k"`.

    Raises:
        ValueError: `experts`, `k` or `gamma` is not positive.

    Example:
        >>> from mtl_keras.trunks import conv_trunk
        >>> share = dselect_k(lambda name: conv_trunk(2, name=name), ["digit", "parity"])
        >>> share(keras.Input((28, 28, 1)))["parity"].shape
        (None, 16)

    Reference:
        Hazimeh et al., "DSelect-k: Differentiable Selection in the Mixture of Experts with
        Applications to Multi-Task Learning", NeurIPS 2021.
    """

    def __init__(
        self, make, tasks, experts=4, k=2, gamma=1.0, per_example=False, gate=None, name="dselect_k"
    ):
        super().__init__(make, tasks, gate, name)
        for argument, value in {"experts": experts, "k": k, "gamma": gamma}.items():
            if value <= 0:
                raise ValueError(f"Argument `{argument}` must be > 0. Received: {argument}={value}")
        self.experts = experts
        self.options = {"k": k, "gamma": gamma, "per_example": per_example}

    def connect(self, x, tasks):
        names = [f"expert{i + 1}" for i in range(self.experts)]
        experts = {name: self.trunk(name)(x) for name in names}
        seen = self.gate_input(x) if self.options["per_example"] else None
        return {
            task: self.mix(seen, experts, task, "gates", SelectK, **self.options) for task in tasks
        }


class EntropySchedule(keras.callbacks.Callback):
    """Raises the weight of the selectors' entropy linearly, so that each comes to choose.

    Mixing several experts often fits better than choosing one, so a selector may stay undecided,
    as `mixing` shows: then a larger weight helps, or `compile(learning_rate_multipliers=...)` with
    10 or more for the layers of `SelectK`, whose variables are few and have small gradients.

    Args:
        epochs: int, number of epochs until it has its full weight; 0 in the first epoch.
        weight: float, the full weight. Defaults to 0.01.

    Raises:
        ValueError: `epochs` is not positive.

    Example:
        >>> EntropySchedule(epochs=5).at(2)
        0.005
    """

    def __init__(self, epochs, weight=0.01):
        super().__init__()
        if epochs < 1:
            raise ValueError(f"Argument `epochs` must be >= 1. Received: epochs={epochs}")
        self.epochs, self.weight = epochs, weight

    def at(self, epoch):
        """Returns the weight in an epoch, 0 for the first one."""
        return self.weight * min(1.0, epoch / max(1, self.epochs - 1))

    def on_epoch_begin(self, epoch, logs=None):
        for layer in self.model._flatten_layers(include_self=False):
            if isinstance(layer, SelectK):
                layer.entropy_weight.assign(self.at(epoch))
