"""Learning to branch."""

import keras

from mtl_keras.architectures.base import Architecture
from mtl_keras.architectures.branch import COMMITTED, SEARCH, WARM_UP, Branch


class ltb(Architecture):
    """Searches a tree: every stage is there in several copies, which choose their parents.

    Each stage of the trunk has N nodes. A node takes the features of one node of the stage before,
    and each task those of one node of the last stage; which one is learned. With as many nodes as
    tasks, everything from one shared trunk to a net for each task can be found.

    Train with the callback `BranchSchedule`, which warms up, searches and commits; `harden` gives
    the tree without what it left out. Training draws a tree each step, inference takes the
    likeliest one.

    Parameters while searching: N P_E + (S - 1) N² + K N, with P_E those of a trunk of S stages and
    K tasks. Shared: all; once hardened, each node by the tasks below it in the tree. Cost
    while searching: N trunks; with one input for each task K N.

    Args:
        make: function name -> trunk, such as `lambda name: conv_trunk(8, name=name)`.
        tasks: list of K str.
        nodes: int, N, number of nodes of each stage. Defaults to `None`, one for each task.
        name: str, prefix of the layers' names. Defaults to `"ltb"`.

    Raises:
        ValueError: `nodes` is not positive.

    Example:
        >>> from mtl_keras.trunks import conv_trunk
        >>> share = ltb(lambda name: conv_trunk(2, name=name), ["digit", "parity"])
        >>> share(keras.Input((28, 28, 1)))["parity"].shape
        (None, 16)

    Reference:
        Guo, Lee and Ulbricht, "Learning to Branch for Multi-Task Learning", ICML 2020.
    """

    def __init__(self, make, tasks, nodes=None, name="ltb"):
        super().__init__(make, tasks, name)
        self.nodes = len(self.tasks) if nodes is None else nodes
        if self.nodes < 1:
            raise ValueError(f"Argument `nodes` must be >= 1 or None. Received: nodes={nodes}")

    def connect(self, x, tasks):
        nodes = [f"node{i + 1}" for i in range(self.nodes)]
        levels = list(zip(*(self.path(node) for node in nodes)))
        features = [x] * self.nodes
        for number, level in enumerate(levels, 1):
            features = [stage(y) for stage, y in zip(level, features)]
            rows = nodes if number < len(levels) else self.tasks
            table = f"{self.name} stage {number}"
            features = self.shared(f"branch{number}", Branch, rows, nodes, table=table)(features)
        return {task: y for task, y in zip(self.tasks, features) if task in tasks}


class BranchSchedule(keras.callbacks.Callback):
    """Warms up, searches with a falling temperature, and commits to the likeliest tree.

    In the search the temperature falls with the square root of time. In a short one the branches
    stay near even unless `compile(learning_rate_multipliers=...)` makes them faster than the rest:
    a tree drawn every step gives them a noisy gradient.

    Args:
        search: int, number of epochs of the search. Every later epoch trains the tree it found.
        warm_up: int, number of epochs before it in which every node takes the mean of all
            possible parents. Defaults to 2.
        start: float, temperature at the start of the search. Defaults to 5.
        end: float, temperature in its last epoch. Defaults to 0.5.

    Raises:
        ValueError: `search` is not positive, `warm_up` is negative, or not start >= end > 0.

    Example:
        >>> schedule = BranchSchedule(search=4)
        >>> [schedule.at(epoch)[1] for epoch in (2, 5)]
        [5.0, 0.5]
    """

    def __init__(self, search, warm_up=2, start=5.0, end=0.5):
        super().__init__()
        if search < 1 or warm_up < 0:
            raise ValueError(
                "Argument `search` must be >= 1 and `warm_up` >= 0. "
                f"Received: search={search}, warm_up={warm_up}"
            )
        if not start >= end > 0:
            raise ValueError(
                "Arguments `start` and `end` must be temperatures start >= end > 0. "
                f"Received: start={start}, end={end}"
            )
        self.search, self.warm_up, self.start, self.end = search, warm_up, start, end

    def at(self, epoch):
        """Returns (phase, temperature) in an epoch, 0 for the first one."""
        time = min(max(epoch - self.warm_up, 0), self.search - 1)
        growth = ((self.start / self.end) ** 2 - 1) / max(1, self.search - 1)
        temperature = self.start / (1 + growth * time) ** 0.5
        if epoch < self.warm_up:
            return WARM_UP, temperature
        return (SEARCH if epoch < self.warm_up + self.search else COMMITTED), temperature

    def on_epoch_begin(self, epoch, logs=None):
        phase, temperature = self.at(epoch)
        for layer in self.model._flatten_layers(include_self=False):
            if isinstance(layer, Branch):
                layer.phase.assign(phase)
                layer.temperature.assign(temperature)
