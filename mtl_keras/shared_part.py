"""Where the part of a model that its tasks share ends."""


def shared_features(model, reach):
    """Returns the tensor where the shared part ends: the last that everything shared goes through.

    Args:
        model: a functional `keras.Model` with a dict of outputs.
        reach: the `graph.Reach` of the model.

    Returns:
        A `KerasTensor`, or `None` where the tasks have no such tensor in common.

    Example:
        >>> import keras
        >>> from mtl_keras import graph
        >>> x = keras.Input((4,), name="x")
        >>> h = keras.layers.ReLU()(keras.layers.Dense(3)(x))
        >>> outputs = {"a": keras.layers.Dense(1)(h), "b": keras.layers.Dense(2)(h)}
        >>> model = keras.Model(x, outputs)
        >>> shared_features(model, graph.reach(model, ["a", "b"])) is h
        True
    """
    shared = {id(v) for v in reach.shared}
    outputs = [model.output[task] for task in reach.tasks]
    for node in _from_the_outputs(model):
        for tensor in node.outputs:
            if node.input_tensors and all(_ends_at(tensor, out, shared) for out in outputs):
                return tensor
    return None


def last_shared_variables(model, reach):
    """Returns the shared variables of the last layer with a kernel that two or more tasks reach.

    Args:
        model: a functional `keras.Model`.
        reach: the `graph.Reach` of the model.

    Returns:
        list of variables, empty where nothing is shared.

    Example:
        >>> import keras
        >>> from mtl_keras import graph
        >>> x = keras.Input((4,), name="x")
        >>> h = keras.layers.Dense(3, name="second")(keras.layers.Dense(3, name="first")(x))
        >>> outputs = {"a": keras.layers.Dense(1)(h), "b": keras.layers.Dense(2)(h)}
        >>> model = keras.Model(x, outputs)
        >>> [v.path for v in last_shared_variables(model, graph.reach(model, ["a", "b"]))]
        ['second/kernel', 'second/bias']
    """
    shared = {id(v) for v in reach.shared}
    for node in _from_the_outputs(model):
        layer = getattr(node.operation, "_functional", node.operation)  # of a Sequential
        if hasattr(layer, "_nodes_by_depth"):
            found = last_shared_variables(layer, reach)
        else:
            found = [v for v in _variables(layer) if id(v) in shared]
        if any(len(v.shape) > 1 for v in found):
            return found
    return []


def _from_the_outputs(model):
    """The nodes of a functional model, those nearest to the outputs first."""
    return [node for _, nodes in sorted(model._nodes_by_depth.items()) for node in nodes]


def _variables(operation):
    return getattr(operation, "trainable_variables", [])


def _ends_at(tensor, output, shared):
    """Whether an output reaches the tensor, and nothing shared beside it."""
    seen, waiting, met = set(), [output], False
    while waiting:
        current = waiting.pop()
        if current is tensor:
            met = True
        elif id(current) not in seen:
            seen.add(id(current))
            operation, index, _ = current._keras_history
            if any(id(v) in shared for v in _variables(operation)):
                return False
            waiting.extend(operation._inbound_nodes[index].input_tensors)
    return met
