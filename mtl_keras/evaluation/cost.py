"""What a model costs: parameters and the floating-point operations of a forward pass."""

import math
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf


class Cost(NamedTuple):
    """Parameters (shared ones counted once) and FLOPs of one forward pass for one example."""

    parameters: int
    trainable_parameters: int
    flops: int


def cost(model, input_shapes=None):
    """Counts the parameters of a model and the FLOPs of its forward pass for one example.

    FLOPs are 2 x multiply-adds over convolutions, matrix products and einsums at batch size 1 in
    inference mode; what the rest (activations, normalisation, pooling) costs is left out. They
    are counted in the traced graph, so every layer counts, nested or not, loops of recurrent
    layers as often as they turn; of the branches of a condition the dearest one counts. The fused
    recurrent kernels of a GPU are opaque: count models that have them on a CPU.

    The variables of a weighting method are not the network's and do not count.

    Args:
        model: a built `keras.Model`.
        input_shapes: dict input name -> shape without the batch axis, for inputs that leave a
            dimension open, default none.

    Returns:
        `Cost(parameters, trainable_parameters, flops)`.

    Raises:
        ValueError: an input with an open dimension and no shape given, a shape for an input that
            does not exist, or a loop whose number of turns the graph does not tell.

    Example:
        >>> x = keras.Input((10,))
        >>> cost(keras.Model(x, keras.layers.Dense(3)(x)))
        Cost(parameters=33, trainable_parameters=33, flops=60)
    """
    weighting = getattr(model, "weighting", None)
    other = {id(v) for v in weighting.variables} if weighting is not None else set()
    return Cost(
        parameters=_size(model.weights, other),
        trainable_parameters=_size(model.trainable_weights, other),
        flops=flops(model, input_shapes),
    )


def _size(variables, other):
    counted = {id(v): v for v in variables if id(v) not in other}
    return sum(math.prod(v.shape) for v in counted.values())


def flops(model, input_shapes=None):
    """Counts 2 x multiply-adds of a forward pass for one example; see `cost`.

    Example:
        >>> x = keras.Input((8, 8, 3))
        >>> flops(keras.Model(x, keras.layers.Conv2D(4, 3, padding="same")(x)))  # 2*8*8*4*27
        13824
    """
    shapes = dict(input_shapes or {})
    unknown = shapes.keys() - {x.name for x in model.inputs}
    if unknown:
        raise ValueError(
            f"Argument `input_shapes` must name inputs of the model. Received: {sorted(unknown)}, "
            f"inputs are {[x.name for x in model.inputs]}"
        )
    specs = keras.tree.map_structure(lambda x: _spec(x, shapes), model.input)
    forward = tf.function(lambda inputs: model(inputs, training=False), autograph=False)
    return 2 * _multiply_adds(forward.get_concrete_function(specs).graph)


def _spec(tensor, shapes):
    shape = tuple(shapes.get(tensor.name, tensor.shape[1:]))
    if None in shape:
        raise ValueError(
            f"Input {tensor.name!r} has the open shape {shape}: FLOPs depend on it. Give it as "
            f"`input_shapes={{{tensor.name!r}: (...)}}`."
        )
    return tf.TensorSpec((1, *shape), tensor.dtype, name=tensor.name)


def _multiply_adds(graph):
    """Sums over the operations that the graph's outputs depend on (the others never run)."""
    stack = [x.op for x in graph.outputs if x is not None] + list(graph.control_outputs)
    seen = set(stack)
    total = 0
    while stack:
        op = stack.pop()
        total += _of_operation(op)
        sources = {x.op for x in op.inputs} | set(op.control_inputs)
        stack += sources - seen
        seen |= sources
    return total


def _of_operation(op):
    if op.type in _COUNTERS:
        return _COUNTERS[op.type](op)
    called = [_multiply_adds(graph) for graph in _called_graphs(op)]
    if not any(called):
        return 0
    if op.type in ("While", "StatelessWhile"):
        return _turns(op) * sum(called)
    return max(called)


def _called_graphs(op):
    names = []
    for attribute in op.op_def.attr:
        if attribute.type == "func":
            names.append(op.get_attr(attribute.name).name)
        elif attribute.type == "list(func)":
            names += [f.name for f in op.get_attr(attribute.name)]
    # The graph of a called function has static shapes, its FunctionDef does not.
    return [op.graph._get_function(name).graph for name in names if name]


def _turns(op):
    """Returns how often a loop turns: its second input is the largest number of turns."""
    tensor = op.inputs[1]
    while tensor.op.type in ("Max", "Identity"):
        tensor = tensor.op.inputs[0]
    turns = tf.get_static_value(tensor)
    if turns is None or np.max(turns) < 0:
        raise ValueError(
            f"The loop {op.name!r} multiplies matrices, but the graph does not tell how often it "
            "turns. Unroll it or give it `maximum_iterations`."
        )
    return int(np.max(turns))


def _elements(tensor):
    """The number of elements; rows that are found in the graph, as of `optional`, count as one."""
    rows, *rest = tensor.shape.as_list()
    return math.prod([1 if rows is None else rows, *rest])


def _matmul(op):
    transposed = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
    return _elements(op.outputs[0]) * op.inputs[0].shape[-2 if transposed else -1]


def _convolution(op):
    *window, inputs_per_group, _ = op.inputs[1].shape
    return _elements(_kept(op.outputs[0])) * math.prod(window) * inputs_per_group


def _depthwise(op):
    return _elements(_kept(op.outputs[0])) * math.prod(op.inputs[1].shape[:2])


def _kept(output):
    """A dilated window may be written as a plain one between two reshapings with padding."""
    users = [op.outputs[0] for op in output.consumers() if op.type == "BatchToSpaceND"]
    return users[0] if users else output


def _transposed_convolution(op):
    # Each value of the smaller side meets the whole window, once for each output channel.
    return _elements(op.inputs[2]) * math.prod(op.inputs[1].shape[:-1])


def _einsum(op):
    if len(op.inputs) < 2:
        return 0
    terms = op.get_attr("equation").decode().split("->")[0].split(",")
    sizes = {}
    for term, tensor in zip(terms, op.inputs):
        before, _, after = term.partition("...")
        shape = tensor.shape.as_list()
        sizes.update(zip(before, shape))
        sizes.update(zip(reversed(after), reversed(shape)))
        if "..." in term:
            wide = shape[len(before) : len(shape) - len(after)]
            for axis, size in enumerate(reversed(wide)):
                sizes[axis] = max(size, sizes.get(axis, 1))
    return math.prod(sizes.values())


_COUNTERS = {
    "MatMul": _matmul,
    "BatchMatMul": _matmul,
    "BatchMatMulV2": _matmul,
    "BatchMatMulV3": _matmul,
    "Einsum": _einsum,
    "Conv2D": _convolution,
    "Conv3D": _convolution,
    "DepthwiseConv2dNative": _depthwise,
    "Conv2DBackpropInput": _transposed_convolution,
    "Conv3DBackpropInputV2": _transposed_convolution,
}
