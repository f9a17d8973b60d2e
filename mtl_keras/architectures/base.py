"""What every sharing architecture does: from one input, or one a task, to features by task."""

from mtl_keras.errors import unknown
from mtl_keras.trunks import Trunk


class Architecture:
    """A builder that turns inputs into features of each task, with copies of a trunk.

    Called on one tensor, all tasks see it. Called on a dict task -> tensor, each task sees its own,
    of any size or number of channels that the trunk takes: the whole architecture runs on the
    tensor of a task and that task's features are read, so mixing never joins activations of
    different examples. Tasks with the same tensor share the run. All kernels are shared between
    the runs; stems and batch normalisation are private as the trunk's contract says.

    Subclasses implement `connect(x, tasks)`.

    Args:
        make: function name -> trunk or text branch, such as
            `lambda name: conv_trunk(8, name=name)`; called once for each copy.
        tasks: list of str.
        name: str, prefix of the layers' names.

    Raises:
        ValueError: `tasks` is empty or names a task twice, or `make` gives one trunk twice.

    Example:
        >>> import keras
        >>> class Separate(Architecture):
        ...     def connect(self, x, tasks):
        ...         return {task: self.trunk(task)(x) for task in tasks}
        >>> separate = Separate(lambda name: keras.layers.Dense(3, name=name), ["a", "b"], "net")
        >>> {task: y.shape for task, y in separate(keras.Input((5,))).items()}
        {'a': (None, 3), 'b': (None, 3)}
    """

    def __init__(self, make, tasks, name):
        self.tasks = list(tasks)
        if isinstance(tasks, str) or not self.tasks or len(set(self.tasks)) < len(self.tasks):
            raise ValueError(
                f"Argument `tasks` must be a list of different names. Received: tasks={tasks!r}"
            )
        self.name = name
        self._make = make
        self._trunks = {}
        self._layers = {}

    def __call__(self, inputs):
        """Adds the architecture to the graph.

        Args:
            inputs: a tensor, or a dict task -> tensor.

        Returns:
            dict task -> features.

        Raises:
            ValueError: a task has no input, or is not known.
        """
        if not isinstance(inputs, dict):
            return self.connect(inputs, self.tasks)
        for task in inputs:
            if task not in self.tasks:
                raise unknown("task in inputs", task, self.tasks)
        missing = [task for task in self.tasks if task not in inputs]
        if missing:
            raise ValueError(
                f"Task {missing[0]!r} has no input. Received: inputs for {', '.join(inputs)}"
            )
        tensors = {id(x): x for x in inputs.values()}
        features = {}
        for key, x in tensors.items():
            features |= self.connect(x, [task for task in self.tasks if id(inputs[task]) == key])
        return {task: features[task] for task in self.tasks}

    def connect(self, x, tasks):
        raise NotImplementedError(f"{type(self).__name__} must implement connect(x, tasks).")

    def trunk(self, name):
        """Returns the copy of the trunk of this name, made at the first call."""
        if name not in self._trunks:
            full = f"{self.name}_{name}"
            trunk = self._make(full)
            known = any(trunk is other for other in self._trunks.values())
            if known or getattr(trunk, "name", full) != full:
                raise ValueError(
                    "Argument `make` must return a new trunk of the given name at each call, such "
                    "as `lambda name: conv_trunk(8, name=name)`. Received for "
                    f"{full!r}: {getattr(trunk, 'name', trunk)!r}"
                )
            self._trunks[name] = trunk
        return self._trunks[name]

    def path(self, name):
        """Returns the stages of the copy of this name, functions for one more input."""
        trunk = self.trunk(name)
        return trunk.path() if isinstance(trunk, Trunk) else [trunk]

    def shared(self, name, layer, *args, **kwargs):
        """Returns the layer of this name, made at the first call."""
        if name not in self._layers:
            self._layers[name] = layer(*args, name=f"{self.name}_{name}", **kwargs)
        return self._layers[name]
