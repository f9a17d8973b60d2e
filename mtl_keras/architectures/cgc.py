"""Customized gate control."""

from mtl_keras.architectures.ple import ple


class cgc(ple):
    """Separates shared experts from those of each task: `ple` with one level.

    g_k(x) = softmax(W_k x), which mixes the n_k experts of task k and the n_s shared ones; a task
    never sees another one's experts. Without shared experts and one of its own, it is a net for
    each task; without experts of its own it is `mmoe`.

    Parameters: (n_s + K n_k) P_E + K D (n_s + n_k), with P_E those of a trunk, K tasks and D the
    width that the gates see. Shared: the shared experts. Cost: n_s + K n_k trunks; with one input
    for each task K (n_s + n_k).

    Args:
        make: function name -> trunk, such as `lambda name: conv_trunk(8, name=name)`.
        tasks: list of str.
        shared_experts: int, n_s. Defaults to 1.
        task_experts: int, n_k of each task. Defaults to 1.
        gate: function tensor -> (batch, D), what the gates see. Defaults to `None`: pictures
            averaged over 8 x 8 cells, vectors as they are.
        name: str, prefix of the layers' names. Defaults to `"cgc"`.

    Raises:
        ValueError: no expert at all.

    Example:
        >>> import keras
        >>> from mtl_keras.trunks import conv_trunk
        >>> share = cgc(lambda name: conv_trunk(2, name=name), ["digit", "parity"])
        >>> share(keras.Input((28, 28, 1)))["parity"].shape
        (None, 16)

    Reference:
        Tang et al., "Progressive Layered Extraction (PLE): A Novel Multi-Task Learning (MTL) Model
        for Personalized Recommendations", RecSys 2020, section 4.1.
    """

    def __init__(self, make, tasks, shared_experts=1, task_experts=1, gate=None, name="cgc"):
        super().__init__(make, tasks, shared_experts, task_experts, 1, gate, name)
