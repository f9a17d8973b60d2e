"""Layers that mix activations, and what their mixing has learned."""

from typing import NamedTuple

import keras
import numpy as np
from keras import layers


class Mixer(layers.Layer):
    """A layer that mixes what it is called on; base class of stitches, gates and masks.

    It knows the names of what it mixes, so that `mixing` can tell of a model that was loaded.
    What decides the mixing stays float32 under mixed precision.

    Subclasses implement `call(inputs)` and `mixing(x)`, and may implement `harden(inputs)`.

    Args:
        rows: list of str, what the layer gives.
        columns: list of str, what it mixes.
        table: str, the table that the rows belong to. Defaults to the name of the layer.
    """

    sees_data = True
    """Whether the mixing depends on the first input of the layer."""

    def __init__(self, rows, columns, table=None, **kwargs):
        super().__init__(**kwargs)
        self.rows, self.columns = list(rows), list(columns)
        self.table = self.name if table is None else table

    def mixing(self, x=None):
        """Returns the mixing weights (rows, columns), averaged over the values `x` of the input."""
        raise NotImplementedError(f"{type(self).__name__} must implement mixing(x).")

    def harden(self, inputs):
        """Returns what stands in the place of this layer in the hard network."""
        return self(inputs)

    def add_float32(self, name, shape, initializer, **kwargs):
        """Adds a variable that no dtype policy casts."""
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer,
            dtype="float32",
            autocast=False,
            **kwargs,
        )

    def get_config(self):
        own = {"rows": self.rows, "columns": self.columns, "table": self.table}
        return {**super().get_config(), **own}


class Mixing(NamedTuple):
    """What some layers mix: weights (rows, columns), NaN where a row does not see a column."""

    weights: np.ndarray
    rows: list
    columns: list


def mixing(model, inputs=None):
    """Returns what the mixing layers of a model have learned.

    Args:
        model: a functional `keras.Model` with an architecture of this room, also a loaded one.
        inputs: inputs of the model, one batch, over whose rows gates and masks are averaged; some
            hundred rows do. Stitches, branches and gates without an input need none.

    Returns:
        dict name of a place -> `Mixing`: matrices of cross-stitch units (averaged over
        channels), mean gates (rows: tasks, columns: experts), mean masks (columns: channels),
        probabilities of branches. Empty where nothing is mixed.

    Raises:
        ValueError: the mixing depends on data and `inputs` is not given.

    Example:
        >>> from mtl_keras.architectures import cross_stitch
        >>> from mtl_keras.trunks import conv_trunk
        >>> x = keras.Input((8, 8, 1))
        >>> features = cross_stitch(lambda name: conv_trunk(2, name=name), ["a", "b"])(x)
        >>> found = mixing(keras.Model(x, features))
        >>> list(found)
        ['cross_stitch stage 1', 'cross_stitch stage 2', 'cross_stitch stage 3']
        >>> found["cross_stitch stage 1"].weights.round(1).tolist()
        [[0.9, 0.1], [0.1, 0.9]]
    """
    nodes = [
        node
        for depth in sorted(model._nodes_by_depth, reverse=True)
        for node in model._nodes_by_depth[depth]
        if isinstance(node.operation, Mixer)
    ]
    seen = {
        str(index): node.input_tensors[0]
        for index, node in enumerate(nodes)
        if node.operation.sees_data
    }
    if seen and inputs is None:
        raise ValueError(
            "Argument `inputs` is needed: the gates and masks of this model depend on its input. "
            "Received: inputs=None"
        )
    values = keras.Model(model.input, seen)(inputs, training=False) if seen else {}
    cells = {}
    for index, node in enumerate(nodes):
        layer = node.operation
        weights = layer.mixing(values.get(str(index)))
        for row, line in zip(layer.rows, np.asarray(weights, np.float64)):
            for column, weight in zip(layer.columns, line):
                table = cells.setdefault(layer.table, {})
                table.setdefault((row, column), []).append(weight)
    return {name: _table(entries) for name, entries in cells.items()}


def _table(entries):
    rows, columns = (list(dict.fromkeys(names)) for names in zip(*entries))
    weights = np.full((len(rows), len(columns)), np.nan)
    for (row, column), found in entries.items():
        weights[rows.index(row), columns.index(column)] = np.mean(found)
    return Mixing(weights, rows, columns)


def softmax(x):
    """Returns the softmax over the last axis, also where it has one entry.

    Keras warns of that; here it is one expert, or one parent, with the weight 1.

    Example:
        >>> softmax(keras.ops.array([[3.0]])).numpy().tolist()
        [[1.0]]
    """
    return keras.ops.exp(keras.ops.log_softmax(x, axis=-1))


def weighted_sum(weights, parts):
    """Returns Σ weights[:, i] parts[i] of tensors of any rank.

    Args:
        weights: tensor (batch or 1, n).
        parts: list of n tensors (batch, ...).

    Example:
        >>> part = keras.ops.ones((2, 3))
        >>> weighted_sum(keras.ops.array([[0.25, 0.75]]), [2 * part, 4 * part]).numpy()[0].tolist()
        [3.5, 3.5, 3.5]
    """
    weights = keras.ops.cast(weights, parts[0].dtype)
    shape = (-1,) + (1,) * (len(parts[0].shape) - 1)
    scaled = [keras.ops.reshape(weights[:, i], shape) * part for i, part in enumerate(parts)]
    return sum(scaled[1:], scaled[0])
