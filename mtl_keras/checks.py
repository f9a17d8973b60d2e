"""Names and structures that a model is given, checked before anything runs."""

import keras
import tensorflow as tf

from mtl_keras import losses
from mtl_keras.errors import unknown


def inputs_by_name(inputs):
    """Returns dict name -> tensor of a dict, a list or a single one.

    Example:
        >>> list(inputs_by_name([keras.Input((3,), name="b"), keras.Input((2,), name="a")]))
        ['b', 'a']
    """
    if isinstance(inputs, dict):
        return dict(inputs)
    return {tensor.name: tensor for tensor in keras.tree.flatten(inputs)}


def named_outputs(inputs, outputs):
    """Returns the outputs by task, each made by a layer of the task's name.

    Args:
        inputs: dict name -> tensor.
        outputs: dict task -> `KerasTensor`.

    Raises:
        ValueError: `outputs` is no such dict, or a task bears the name of an input.
    """
    if not isinstance(outputs, dict) or not outputs:
        raise ValueError(
            f"Argument `outputs` must be a dict task -> tensor. Received: {type(outputs).__name__}"
        )
    named = {}
    for task, tensor in outputs.items():
        if not isinstance(task, str):
            raise ValueError(f"Argument `outputs`: tasks must be named by str. Received: {task!r}")
        if task in inputs:
            raise ValueError(f"Task {task!r} bears the name of an input; rename one of them.")
        if not isinstance(tensor, keras.KerasTensor):
            raise ValueError(
                f"Task {task!r}: the output must be a KerasTensor. Received: {tensor!r}"
            )
        if tensor._keras_history.operation.name != task:
            tensor = keras.layers.Identity(name=task)(tensor)
        named[task] = tensor
    return named


def by_task(argument, value, tasks, served=None):
    """Returns what `compile` got as a dict by task.

    Args:
        argument: str, `"loss"`, `"metrics"`, `"weighted_metrics"` or `"loss_weights"`.
        value: dict task -> anything, a bare value, or `None`.
        tasks: list of str.
        served: list of the tasks that a bare value serves. Defaults to all.

    Raises:
        ValueError: a task is not known, or has no loss.

    Example:
        >>> by_task("metrics", "accuracy", ["digits", "topics"])
        {'digits': 'accuracy', 'topics': 'accuracy'}
    """
    if value is None and argument == "loss":
        raise ValueError("Argument `loss` must be a dict task -> loss. Received: None")
    if value is None:
        return {}
    if not isinstance(value, dict):
        if argument == "loss_weights" or (argument == "loss" and isinstance(value, (list, tuple))):
            raise ValueError(f"Argument `{argument}` must be a dict by task. Received: {value!r}")
        return dict.fromkeys(tasks if served is None else served, value)
    for task in value:
        if task not in tasks:
            raise unknown(f"task in {argument}", task, tasks)
    missing = [task for task in tasks if task not in value]
    if argument == "loss" and missing:
        raise ValueError(
            f"Task {missing[0]!r} has no loss. Give one, or None for an output that is only "
            f"wanted in predict. Received: loss for {', '.join(value)}"
        )
    if argument == "loss_weights":
        for task, weight in value.items():
            if not 0 <= float(weight) < float("inf"):
                raise ValueError(
                    "Argument `loss_weights` must hold finite numbers that are not negative. "
                    f"Received: loss_weights[{task!r}]={weight}"
                )
    return dict(value)


def data(x, inputs, tasks):
    """Checks what `fit` is given before it is run.

    Args:
        x: a `tf.data.Dataset` of batches, or the arrays of the inputs.
        inputs, tasks: names of the model.

    Raises:
        ValueError: the data are empty, not of the form (inputs, labels), or names do not fit.
    """
    if not isinstance(x, tf.data.Dataset):
        if any(len(array) == 0 for array in keras.tree.flatten(x) if hasattr(array, "__len__")):
            raise ValueError("The data are empty: an input has no row.")
        return
    if int(x.cardinality()) == 0:
        raise ValueError("The data set is empty: it has no batch. Is it smaller than a batch?")
    spec = x.element_spec
    if not isinstance(spec, tuple) or len(spec) not in (2, 3):
        raise ValueError(
            "A data set must give (inputs, labels) or (inputs, labels, sample weights). "
            f"Received: {spec}"
        )
    batch_names(inputs, tasks, *spec)


def batch_names(inputs, tasks, x, y, sample_weight=None):
    """Checks that a batch has every input, and labels and weights of known tasks only.

    Args:
        inputs, tasks: names of the model.
        x, y, sample_weight: parts of a batch, or their specs.

    Raises:
        ValueError: an input is missing, a name is not known, labels of several tasks are no dict.
    """
    for name in inputs if isinstance(x, dict) else ():
        if name not in x:
            raise ValueError(f"Input {name!r} is not in the data, which have: {', '.join(x)}.")
    if not isinstance(y, dict) and (len(tasks) > 1 or y is None):
        raise ValueError(
            "Labels must be a dict task -> labels, since their order is not known. "
            f"Received: {type(y).__name__}"
        )
    for what, part in (("labels", y), ("sample weights", sample_weight)):
        for task in part if isinstance(part, dict) else ():
            if task not in tasks:
                raise unknown(f"task in the {what}", task, tasks)


def class_weights(class_weight, loss_objects, outputs):
    """Returns dict task -> list of the weights of its classes.

    Args:
        class_weight: dict task -> {class: weight}; a class left out weighs 1.
        loss_objects: dict task -> loss object, of the tasks that have one.
        outputs: dict task -> output tensor.

    Raises:
        ValueError: a task or class is not known, or the task has no classes.
    """
    found = {}
    for task, weights in (class_weight or {}).items():
        if task not in loss_objects:
            raise unknown("task in class_weight", task, loss_objects)
        kind, size = losses.kind(loss_objects[task]), outputs[task].shape[-1]
        classes = {"sparse": size, "binary": 2 if size == 1 else None}.get(kind)
        if classes is None or not isinstance(weights, dict):
            raise ValueError(
                "Argument `class_weight` must be {task: {class: weight}} for a task with one class "
                f"number for each row. Received: class_weight[{task!r}]={weights!r}"
            )
        for number, weight in weights.items():
            if number not in range(classes) or not 0 <= float(weight) < float("inf"):
                raise ValueError(
                    f"Argument `class_weight`: task {task!r} has classes 0..{classes - 1}, and "
                    f"weights are finite and not negative. Received: {{{number!r}: {weight!r}}}"
                )
        found[task] = [float(weights.get(number, 1.0)) for number in range(classes)]
    return found
