"""The arrays of one source, in memory."""

import dataclasses

import numpy as np
import tensorflow as tf

from mtl_keras import errors

READ_ROWS = 1024


@dataclasses.dataclass
class Table:
    """The arrays of one source, as tensors in the memory of the CPU.

    Args:
        inputs: dict input name -> tensor `(n, ...)`.
        labels: dict task -> int32 or float32 tensor `(n, ...)`.
        weights: dict task -> float32 tensor `(n,)`, for any of the tasks.

    Example:
        >>> len(table("a", ({"a_x": np.zeros((3, 2))}, {"a": np.arange(3)})))
        3
    """

    inputs: dict
    labels: dict
    weights: dict

    def __len__(self):
        return int(next(iter(self.inputs.values())).shape[0])


def table(name, source):
    """Returns a source as a `Table`.

    Args:
        name: str, for messages.
        source: per-example `tf.data.Dataset` of `(inputs, labels)` or `(inputs, labels, weights)`,
            read once, or that tuple of dicts of arrays.

    Returns:
        A `Table`. Integer and boolean labels become int32, other numbers float32.

    Raises:
        ValueError: if the source is not of this form, is empty or its arrays differ in length.

    Example:
        >>> table("a", ({"a_x": np.zeros((3, 2))}, {"a": np.arange(3)})).labels["a"].dtype.name
        'int32'
    """
    if isinstance(source, tf.data.Dataset):
        source = _read(name, source)
    if not (isinstance(source, tuple) and len(source) in (2, 3)):
        raise _not_dicts(name, type(source).__name__)
    inputs, labels, weights = (*source, {})[:3]
    for part in (inputs, labels, weights):
        if not isinstance(part, dict):
            raise _not_dicts(name, f"a tuple with {type(part).__name__}")
    if not inputs:
        raise ValueError(f"Source {name!r} must have at least one input. Received: none")
    with tf.device("CPU"):
        result = Table(
            {key: _tensor(array) for key, array in inputs.items()},
            {key: _label_tensor(name, key, array) for key, array in labels.items()},
            {key: tf.cast(_tensor(array), tf.float32) for key, array in weights.items()},
        )
    _check_rows(name, result)
    return result


def _not_dicts(name, received):
    return ValueError(
        f"Source {name!r} must give (inputs, labels) or (inputs, labels, weights), dicts keyed by "
        f"input and task name. Received: {received}"
    )


def _read(name, dataset):
    """Reads a per-example data set once, into arrays."""
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError(f"Source {name!r} must end. Received: a data set that repeats for ever")
    if not isinstance(dataset.element_spec, tuple):
        raise _not_dicts(name, f"a data set of {type(dataset.element_spec).__name__}")
    batches = list(dataset.batch(READ_ROWS).as_numpy_iterator())
    if not batches:
        raise ValueError(f"Source {name!r} is empty: it has no rows.")
    return tf.nest.map_structure(lambda *parts: np.concatenate(parts), *batches)


def _tensor(array):
    tensor = tf.identity(tf.convert_to_tensor(array))  # From another device, if it lies there.
    return tf.cast(tensor, tf.float32) if tensor.dtype == tf.float64 else tensor


def _label_tensor(name, task, array):
    tensor = _tensor(array)
    if tensor.dtype.is_floating:
        return tf.cast(tensor, tf.float32)
    if tensor.dtype.is_integer or tensor.dtype.is_bool:
        return tf.cast(tensor, tf.int32)
    raise ValueError(
        f"Source {name!r}, task {task!r}: labels must be numbers. Received: {tensor.dtype.name}"
    )


def _check_rows(name, found):
    arrays = {**found.inputs, **found.labels, **found.weights}
    for array in arrays.values():
        if not array.shape.rank or array.shape[0] != len(found):
            raise ValueError(
                f"Source {name!r}: all arrays must have the same number of rows. Received: "
                f"{', '.join(f'{k} {tuple(a.shape)}' for k, a in arrays.items())}"
            )
    for task in found.weights:
        if task not in found.labels:
            raise errors.unknown(f"task in the weights of source {name!r}:", task, found.labels)


def check_names(tables):
    """Checks that no two tables have an input or a task of the same name.

    Args:
        tables: dict source name -> `Table`.

    Raises:
        ValueError: naming both sources.
    """
    owner = {}
    for name, found in tables.items():
        for kind, keys in (("input", found.inputs), ("task", found.labels)):
            for key in keys:
                other = owner.setdefault((kind, key), name)
                if other != name:
                    raise ValueError(
                        "Two sources must not have an input or a task of the same name. "
                        f"Received: {kind} {key!r} in both {other!r} and {name!r}"
                    )
