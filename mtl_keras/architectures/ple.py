"""Progressive layered extraction."""

import numpy as np
from keras import layers

from mtl_keras.architectures.gates import GatedArchitecture

SHARED = "(shared)"


class ple(GatedArchitecture):
    """Separates shared experts from those of each task, level by level.

    The stages of the trunk are dealt out to L levels. At each level a task mixes, with its gate
    softmax(W g), its own experts, run on its own path, and the shared experts, run on the shared
    path; below the last level the shared path mixes the experts of all. So what task a's experts
    learn below the last level reaches task b through the shared path.

    With one level it is `cgc`. The gates of the first level see the input averaged over 8 x 8
    cells, later ones the average of their path's features.

    Parameters: Σ_l (n_s + K n_k) P_l + Σ_l K D_l (n_s + n_k) + Σ_{l<L} D_l (n_s + K n_k), with
    P_l those of the stages of level l and D_l the width that its gates see. Shared: shared experts,
    and below the last level everything that the shared path mixes. Cost: n_s + K n_k trunks; with
    one input for each task about K times that.

    Args:
        make: function name -> trunk of at least L stages, such as
            `lambda name: conv_trunk(8, name=name)`.
        tasks: list of str.
        shared_experts: int, n_s. Defaults to 1.
        task_experts: int, n_k of each task. Defaults to 1.
        levels: int, L. Defaults to 2.
        gate: function tensor -> (batch, D), what the gates of the first level see. Defaults to
            `None`: pictures averaged over 8 x 8 cells, vectors as they are.
        name: str, prefix of the layers' names. Defaults to `"ple"`.

    Raises:
        ValueError: no expert at all, no level, or more levels than the trunk has stages.

    Example:
        >>> import keras
        >>> from mtl_keras.trunks import conv_trunk
        >>> share = ple(lambda name: conv_trunk(2, name=name), ["digit", "parity"])
        >>> share(keras.Input((28, 28, 1)))["parity"].shape
        (None, 16)

    Reference:
        Tang et al., "Progressive Layered Extraction (PLE): A Novel Multi-Task Learning (MTL) Model
        for Personalized Recommendations", RecSys 2020.
    """

    def __init__(
        self, make, tasks, shared_experts=1, task_experts=1, levels=2, gate=None, name="ple"
    ):
        super().__init__(make, tasks, gate, name)
        if min(shared_experts, task_experts) < 0 or shared_experts + task_experts < 1:
            raise ValueError(
                "Arguments `shared_experts` and `task_experts` must not be negative, nor both 0. "
                f"Received: shared_experts={shared_experts}, task_experts={task_experts}"
            )
        if levels < 1:
            raise ValueError(f"Argument `levels` must be >= 1. Received: levels={levels}")
        self.levels = levels
        self.experts = {task: _names(f"{task} ", task_experts) for task in self.tasks}
        self.experts[SHARED] = _names("shared ", shared_experts)

    def connect(self, x, tasks):
        stages = self._stages()
        paths = dict.fromkeys(self.experts, x)
        for level in range(self.levels):
            last = level == self.levels - 1
            owners = tasks if last else self.tasks
            outputs = {
                owner: {name: _run(stages[name][level], paths[owner]) for name in names}
                for owner, names in self.experts.items()
                if owner in owners or owner == SHARED
            }
            table = f"gates level {level + 1}" if self.levels > 1 else "gates"
            see = self._average if level else self.gate_input
            mixed = {
                task: self.mix(see(paths[task]), outputs[task] | outputs[SHARED], task, table)
                for task in owners
            }
            if not last and self.experts[SHARED]:
                everything = {name: y for found in outputs.values() for name, y in found.items()}
                mixed[SHARED] = self.mix(see(paths[SHARED]), everything, "shared", table)
            paths = mixed
        return {task: paths[task] for task in tasks}

    def _stages(self):
        """Returns the stages of each expert, in levels, for one more input."""
        found = {}
        for names in self.experts.values():
            for name in names:
                path = self.path(name.replace(" ", ""))
                if len(path) < self.levels:
                    raise ValueError(
                        "Argument `levels` must not exceed the number of stages of the trunk, "
                        f"{len(path)}. Received: levels={self.levels}"
                    )
                parts = np.array_split(np.arange(len(path)), self.levels)
                found[name] = [[path[i] for i in part] for part in parts]
        return found

    def _average(self, x):
        """Returns the features (batch, D) of a path, averaged over places."""
        if len(x.shape) == 2:
            return x
        pool = {3: layers.GlobalAveragePooling1D, 4: layers.GlobalAveragePooling2D}
        return self.shared("average", pool[len(x.shape)])(x)


def _names(prefix, count):
    return [f"{prefix}{i + 1}" for i in range(count)]


def _run(stages, x):
    for stage in stages:
        x = stage(x)
    return x
