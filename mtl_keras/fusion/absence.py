"""Inputs that a row may lack: a picture without text, a text without picture.

The input itself says that a row lacks it, so that presence goes through any `tf.data` pipeline,
through arrays and through `fit` without a second tensor:

| input | absent where a row is | as |
|---|---|---|
| floats: pictures, numbers | all NaN | NaN says that a float label is missing |
| integers: token ids `(batch, length)` | all 0, the padding | the ids of an empty text |
| strings | all empty | |

Only the rows that are there go through the branch; their features then go back to their places.
So an absent picture has no part in batch statistics, in moving statistics, in a gradient or in
another row's answer, and costs nothing. The number of rows is found in the graph: it may differ
from step to step, under XLA too. Where a whole batch lacks the input, one blank row goes through
the branch, since a convolution of no rows fails.
"""

from typing import NamedTuple

import keras
import tensorflow as tf
from keras import ops

_VALUES = {"string": "", "int": 0, "float": float("nan")}


class Part(NamedTuple):
    """What one input gives to a fusion.

    Attributes:
        features: tensor (batch, ...), zeros where the input is absent.
        present: bool tensor (batch,), which rows have the input; `None`: all.
    """

    features: object
    present: object = None


def optional(branch, x):
    """Passes the rows that have an input through a branch; the others get zeros.

    A fusion replaces the zeros by a vector that it learns. A model with such an input exports
    signatures that do without it. Call this once for each input and use the `Part` it returns for
    every task.

    Args:
        branch: a trunk, a text branch, or anything else that turns a tensor into features.
        x: `KerasTensor` (batch, ...): pictures or numbers as floats, absent rows all NaN; token
            ids (batch, length), absent rows all 0; or strings, absent rows all empty.

    Returns:
        A `Part`: features (batch, ...) and bool (batch,).

    Raises:
        ValueError: integers of more than two axes, which have no value left for an absent row.

    Example:
        >>> import numpy as np
        >>> x = keras.Input((2,), name="x")
        >>> part = optional(keras.layers.Dense(1, kernel_initializer="ones"), x)
        >>> rows = np.array([[1, 2], [np.nan, np.nan]], "float32")
        >>> keras.Model(x, part.features)(rows).numpy().tolist()
        [[3.0], [0.0]]
    """
    if _kind(x.dtype) == "int" and len(x.shape) > 2:
        raise ValueError(
            "Argument `x` must hold floats, token ids (batch, length) or strings: a row of other "
            f"integers cannot say that it is absent. Received: {x.dtype} of shape {x.shape}"
        )
    present = Present(name=f"{x.name}_present")(x)
    rows = PresentRows(name=f"{x.name}_rows")([x, present])
    features = InPlace(name=f"{x.name}_features")([branch(rows), present])
    return Part(features, present)


def absent_value(dtype):
    """Returns what all values of an absent row are.

    Example:
        >>> absent_value("float32"), absent_value("int32"), absent_value("string")
        (nan, 0, '')
    """
    return _VALUES[_kind(dtype)]


def optional_inputs(output, inputs):
    """Returns the names of the inputs that an output can do without.

    Args:
        output: a `KerasTensor`.
        inputs: dict name -> `KerasTensor`, the inputs that the output needs.

    Returns:
        list of str: inputs that nothing but `optional` reads.

    Example:
        >>> x, y = keras.Input((4,), name="x"), keras.Input((4,), name="y")
        >>> part = optional(keras.layers.Dense(2), x)
        >>> optional_inputs(keras.layers.Concatenate()([part.features, y]), {"x": x, "y": y})
        ['x']
    """
    needed, seen, waiting = set(), set(), [output]
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        operation, node_index, _ = tensor._keras_history
        read = operation._inbound_nodes[node_index].input_tensors
        if not isinstance(operation, (Present, PresentRows)):
            needed |= {id(each) for each in read}
        waiting.extend(read)
    return [name for name, tensor in inputs.items() if id(tensor) not in needed]


@keras.saving.register_keras_serializable("mtl_keras")
class Present(keras.layers.Layer):
    """Says which rows have an input: those that are not all absent values.

    Call arguments:
        x: floats, integers or strings (batch, ...).

    Returns:
        bool (batch,).

    Example:
        >>> Present()(tf.constant([[5, 7, 0], [0, 0, 0]])).numpy().tolist()
        [True, False]
    """

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)

    def call(self, x):
        if x.dtype.is_floating:
            there = ~tf.math.is_nan(x)
        else:
            there = tf.not_equal(x, tf.zeros([], x.dtype))
        return tf.reduce_any(there, axis=list(range(1, x.shape.rank)))

    def compute_output_spec(self, x):
        return keras.KerasTensor((x.shape[0],), dtype="bool")


@keras.saving.register_keras_serializable("mtl_keras")
class PresentRows(keras.layers.Layer):
    """Takes the rows that are present, or one blank row where there is none.

    Call arguments:
        inputs: [x (batch, ...), present bool (batch,)].

    Returns:
        Tensor (rows, ...) of the dtype of x.

    Example:
        >>> PresentRows()([tf.constant([[1.0], [2.0]]), tf.constant([False, True])]).numpy()
        array([[2.]], dtype=float32)
    """

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)

    def call(self, inputs):
        x, present = inputs
        some = tf.reduce_any(present)
        first = tf.equal(tf.range(tf.size(present)), 0)
        rows = tf.where(present | (first & ~some))[:, 0]
        return tf.gather(tf.where(some, x, tf.zeros([], x.dtype)), rows)

    def compute_output_spec(self, inputs):
        x, _ = inputs
        return keras.KerasTensor((None, *x.shape[1:]), dtype=x.dtype)


@keras.saving.register_keras_serializable("mtl_keras")
class InPlace(keras.layers.Layer):
    """Puts the features of the present rows back in their places; the others are zeros.

    Call arguments:
        inputs: [features (rows, ...), present bool (batch,)].

    Returns:
        Features (batch, ...). A mask of tokens goes along; absent rows mask nothing.

    Example:
        >>> InPlace()([tf.constant([[7.0]]), tf.constant([False, True])]).numpy().tolist()
        [[0.0], [7.0]]
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs):
        features, present = inputs
        return ops.where(_like(present, features), _placed(features, present), 0)

    def compute_mask(self, inputs, previous_mask):
        mask, present = previous_mask[0], inputs[1]
        if mask is None:
            return None
        return ops.logical_or(_placed(mask, present), ~_like(present, mask))

    def compute_output_spec(self, inputs):
        features, present = inputs
        return keras.KerasTensor((present.shape[0], *features.shape[1:]), self.compute_dtype)


def _placed(rows, present):
    """Rows in the places of the present ones, any of them elsewhere."""
    place = ops.cumsum(ops.cast(present, "int32")) - 1
    return ops.take(rows, ops.maximum(place, 0), axis=0)


def _like(present, x):
    return ops.reshape(present, [-1] + [1] * (len(x.shape) - 1))


def _kind(dtype):
    dtype = tf.as_dtype(dtype)
    return "string" if dtype == tf.string else "float" if dtype.is_floating else "int"
