"""Multi-gate mixture of experts."""

from mtl_keras.architectures.gates import GatedArchitecture


class mmoe(GatedArchitecture):
    """Shares n trunks, the experts, which each task mixes with a gate of its own.

    f_k(x) = Σ_i g_k(x)_i e_i(x) with g_k(x) = softmax(W_k x). The gate sees the input averaged
    over 8 x 8 cells, so it fits any size of picture. One expert is hard sharing.

    Parameters: n P_E + K D n, with P_E those of a trunk, K tasks and D the width that gates see.
    Shared: the experts. Cost: n trunks; with one input for each task, K n.

    Args:
        make: function name -> trunk, such as `lambda name: conv_trunk(8, name=name)`.
        tasks: list of str.
        experts: int, number of experts n. Defaults to 4.
        gate: function tensor -> (batch, D), what the gates see. Defaults to `None`: pictures
            averaged over 8 x 8 cells, vectors as they are.
        name: str, prefix of the layers' names. Defaults to `"mmoe"`.

    Raises:
        ValueError: `experts` is no positive number.

    Example:
        >>> import keras
        >>> from mtl_keras.trunks import conv_trunk
        >>> share = mmoe(lambda name: conv_trunk(2, name=name), ["digit", "parity"], experts=2)
        >>> share(keras.Input((28, 28, 1)))["parity"].shape
        (None, 16)

    Reference:
        Ma et al., "Modeling Task Relationships in Multi-task Learning with Multi-gate
        Mixture-of-Experts", KDD 2018.
    """

    def __init__(self, make, tasks, experts=4, gate=None, name="mmoe"):
        super().__init__(make, tasks, gate, name)
        if experts < 1:
            raise ValueError(f"Argument `experts` must be >= 1. Received: experts={experts}")
        self.experts = experts

    def connect(self, x, tasks):
        names = [f"expert{i + 1}" for i in range(self.experts)]
        experts = {name: self.trunk(name)(x) for name in names}
        seen = self.gate_input(x)
        return {task: self.mix(seen, experts, task, "gates") for task in tasks}
