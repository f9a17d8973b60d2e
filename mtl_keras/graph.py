"""Which variables each task reaches, and which of them are shared."""

import dataclasses

import keras
import tensorflow as tf

_CARRIERS = {tf.resource, tf.variant}  # Variables; lists that loops write to.
_STOPS = {"StopGradient", "PreventGradient", "Floor", "Ceil", "Round", "Rint", "FloorDiv"}
_STOPS |= {"ZerosLike", "OnesLike"}


@dataclasses.dataclass(frozen=True)
class Reach:
    """Who owns which variables of a model.

    Attributes:
        tasks: list of str.
        trainable: list of (trainable variable, set of the tasks that reach it).
        statistics: list of the same for other variables, such as moving statistics.
    """

    tasks: list
    trainable: list
    statistics: list

    @property
    def shared(self):
        """Trainable variables that two or more tasks reach."""
        return [v for v, owners in self.trainable if len(owners) > 1]

    @property
    def own(self):
        """Dict task -> trainable variables that only this task reaches."""
        return {
            task: [v for v, owners in self.trainable if owners == {task}] for task in self.tasks
        }


def reach(model, tasks):
    """Finds out which variables each task's output depends on.

    From an abstract trace, without running anything: exact also where models are nested, which a
    walk over the layers is not. Moving statistics are found the same way, in inference mode.

    Args:
        model: a built functional `keras.Model` with a dict of outputs.
        tasks: list of str, keys of the outputs.

    Returns:
        A `Reach`.

    Example:
        >>> import keras
        >>> x = keras.Input((4,), name="x")
        >>> h = keras.layers.Dense(3, name="trunk")(x)
        >>> outputs = {"a": keras.layers.Dense(1)(h), "b": keras.layers.Dense(2)(h)}
        >>> found = reach(keras.Model({"x": x}, outputs), ["a", "b"])
        >>> [v.path for v in found.shared], len(found.own["a"])
        (['trunk/kernel', 'trunk/bias'], 2)
    """
    trainable = model.trainable_variables
    statistics = {  # what layers keep themselves, not what was frozen
        id(v): v
        for layer in model._flatten_layers(include_self=False)
        for v in layer._non_trainable_variables
        if tf.as_dtype(v.dtype).is_floating
    }
    statistics = list(statistics.values())
    return Reach(
        tasks=list(tasks),
        trainable=list(zip(trainable, _owners(model, tasks, trainable, training=True))),
        statistics=list(zip(statistics, _owners(model, tasks, statistics, training=False))),
    )


def _owners(model, tasks, variables, training):
    """Returns, for each variable, the set of tasks whose output depends on it."""
    if not variables:
        return []
    specs = keras.tree.map_structure(lambda x: tf.TensorSpec(x.shape, x.dtype), model.input)
    if tf.distribute.has_strategy():
        return _owners_by_gradients(model, tasks, variables, training, specs)
    run = tf.function(lambda x: model(x, training=training), autograph=False)
    trace = run.get_concrete_function(specs).graph
    inner = {id(handle): tensor for handle, tensor in trace.captures}
    handles = [inner.get(id(v.value.handle)) for v in variables]
    reached = {task: _flows_from(trace.structured_outputs[task]) for task in tasks}
    if None in reached.values():
        return _owners_by_gradients(model, tasks, variables, training, specs)
    return [{task for task in tasks if id(handle) in reached[task]} for handle in handles]


def _flows_from(output):
    """Returns the ids of the tensors that the gradient of an output flows to.

    `None` if the way leads through a function or a loop, into which nobody looks here.
    """
    seen, waiting = set(), [output]
    while waiting:
        tensor = waiting.pop()
        carries = tensor.dtype.is_floating or tensor.dtype in _CARRIERS
        if id(tensor) in seen or not carries:
            continue
        seen.add(id(tensor))
        if tensor.op.type in _STOPS:
            continue
        if any(attribute.func.name for attribute in tensor.op.node_def.attr.values()):
            return None
        waiting.extend(tensor.op.inputs)
    return seen


def _owners_by_gradients(model, tasks, variables, training, specs):
    """The same from a trace of the gradients of each output, which takes several times as long."""
    owners = [set() for _ in variables]

    def probe(inputs):
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            for variable in variables:
                tape.watch(variable.value)
            outputs = model(inputs, training=training)
        for task in tasks:
            gradients = tape.gradient(outputs[task], [v.value for v in variables])
            for owner, gradient in zip(owners, gradients):
                if gradient is not None:
                    owner.add(task)

    strategy = tf.distribute.get_strategy()
    run = tf.function(lambda x: strategy.run(probe, args=(x,)), autograph=False)
    run.get_concrete_function(specs)
    return owners


def needed_inputs(output, inputs):
    """Returns the names of the inputs that an output tensor depends on.

    Args:
        output: a `KerasTensor`.
        inputs: dict name -> `KerasTensor`, the inputs of the model.

    Returns:
        list of str, in the order of `inputs`.

    Example:
        >>> import keras
        >>> x, y = keras.Input((4,), name="x"), keras.Input((4,), name="y")
        >>> needed_inputs(keras.layers.Dense(1)(y), {"x": x, "y": y})
        ['y']
    """
    seen, waiting = set(), [output]
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        operation, node_index, _ = tensor._keras_history
        waiting.extend(operation._inbound_nodes[node_index].input_tensors)
    return [name for name, tensor in inputs.items() if id(tensor) in seen]
