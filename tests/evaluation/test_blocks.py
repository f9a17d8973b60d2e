import keras
import pytest

import mtl_keras as mtl
from mtl_keras.evaluation.blocks import blocks

layers = keras.layers


def shape_of(model):
    """Kind, title and parents' titles of each block."""
    found = blocks(model)
    return [(b.kind, b.title, [found[p].title for p in b.parents]) for b in found]


def dense(name, units=4):
    return layers.Dense(units, name=name)


def test_a_shared_trunk_over_two_inputs():
    """Stems are blocks of their own; private normalisation inside the trunk is not."""
    a, b = keras.Input((28, 28, 1), name="a"), keras.Input((32, 32, 3), name="b")
    trunk = mtl.trunks.conv_trunk(width=2)
    model = mtl.MultiTaskModel(
        {"a": a, "b": b}, {"u": dense("u")(trunk(a)), "v": dense("v")(trunk(b))}
    )
    assert shape_of(model) == [
        ("input", "a", []),
        ("input", "b", []),
        ("one task", "conv_trunk_stem", ["b"]),
        ("one task", "conv_trunk_stem", ["a"]),
        ("shared", "conv_trunk", ["conv_trunk_stem", "conv_trunk_stem"]),
        ("head", "u", ["conv_trunk"]),
        ("head", "v", ["conv_trunk"]),
    ]


def test_every_layer_is_in_one_block_and_parameters_add_up():
    a, b = keras.Input((16, 16, 3), name="a"), keras.Input((9,), dtype="int32", name="b")
    trunk, text = mtl.trunks.conv_trunk(width=2), mtl.text.embedding_branch(20, width=4)
    fused = layers.Concatenate()([trunk(a), text(b)])
    outputs = {"u": dense("u")(trunk(a)), "v": dense("v")(fused), "w": dense("w")(text(b))}
    model = mtl.MultiTaskModel({"a": a, "b": b}, outputs)
    inside = [layer for block in blocks(model) for layer in block.layers]
    assert len(inside) == len(set(map(id, inside)))
    assert {id(layer) for layer in model.layers} <= set(map(id, inside))
    assert sum(layer.count_params() for layer in inside) == model.count_params()
    found = {block.title: block for block in blocks(model)}
    assert found["conv_trunk"].tasks == ["u", "v"]
    assert found["embedding_branch"].tasks == ["v", "w"]
    assert found["Concatenate"].kind == "one task"


def test_what_bears_the_name_of_a_task_belongs_to_its_head():
    x = keras.Input((4,), name="x")
    h = dense("body")(x)
    u = layers.Dropout(0.1)(dense("u_hidden")(h))
    v = layers.Activation("relu")(dense("other")(h))
    model = mtl.MultiTaskModel(x, {"u": dense("final")(u), "v": dense("v")(v)})
    assert shape_of(model) == [
        ("input", "x", []),
        ("shared", "body", ["x"]),
        ("one task", "other", ["body"]),
        ("head", "u", ["body"]),
        ("head", "v", ["other"]),
    ]
    head = blocks(model)[3]
    assert [layer.name for layer in head.layers][-2:] == ["final", "u"]  # the Identity of the task


def test_a_task_that_reads_another_tasks_output():
    x = keras.Input((4,), name="x")
    h = dense("trunk")(x)
    u, v = dense("u", 1)(h), dense("v", 1)(h)
    outputs = {"u": u, "v": v, "both": layers.Multiply()([u, v]), "next": dense("next")(u)}
    assert shape_of(mtl.MultiTaskModel(x, outputs))[2:] == [
        ("head", "u", ["trunk"]),
        ("head", "v", ["trunk"]),
        ("head", "both", ["u", "v"]),
        ("head", "next", ["u"]),
    ]


def test_blocks_that_feed_one_another_become_one():
    """An adapter of one input in the middle of what is shared."""
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    first, second = dense("first"), dense("second")
    outputs = {
        "u": dense("u")(second(dense("adapter")(first(a)))),
        "v": dense("v")(second(first(b))),
    }
    kinds = [(b.kind, len(b.layers)) for b in blocks(mtl.MultiTaskModel({"a": a, "b": b}, outputs))]
    assert kinds == [("input", 1), ("input", 1), ("shared", 3), ("head", 1), ("head", 1)]


def test_a_nested_network_is_one_block_and_a_deep_one_does_not_overflow():
    body = keras.Sequential([keras.Input((4,)), dense("a"), dense("b")], name="body")
    x = keras.Input((4,), name="x")
    h = body(x)
    assert shape_of(mtl.MultiTaskModel(x, {"u": dense("u")(h), "v": dense("v")(h)}))[1][1] == "body"
    h = x
    for _ in range(500):
        h = layers.Activation("relu")(h)
    deep = keras.Model({"x": x}, {"u": dense("u")(h)})
    assert [block.kind for block in blocks(deep)] == ["input", "head"]


def test_layers_without_names_of_their_own_show_their_classes():
    x = keras.Input((4,), name="x")
    h = layers.Dense(3)(layers.LayerNormalization()(layers.Dense(3)(x)))
    model = keras.Model({"x": x}, {"u": dense("u")(h), "v": dense("v")(h)})
    assert shape_of(model)[1][:2] == ("shared", "Dense")


def test_other_models_are_refused():
    x = keras.Input((4,))
    with pytest.raises(ValueError, match="dict of outputs"):
        blocks(keras.Model(x, layers.Dense(2)(x)))


def test_what_joins_inputs_under_a_task_s_name_is_in_its_head():
    x = {name: keras.Input((4,), name=name) for name in "xz"}
    shared = layers.Dense(3, name="shared")
    parts = [layers.Dense(5, name=f"both_{name}")(shared(tensor)) for name, tensor in x.items()]
    outputs = {
        "alone": layers.Dense(2, name="alone")(shared(x["x"])),
        "both": layers.Dense(2, name="both")(layers.Multiply(name="both_product")(parts)),
    }
    found = blocks(keras.Model(x, outputs))
    assert [(b.kind, b.title) for b in found] == [
        ("input", "x"), ("input", "z"), ("shared", "shared"), ("head", "alone"), ("head", "both"),
    ]  # fmt: skip
    assert [layer.name for layer in found[-1].layers] == [
        "both_x", "both_z", "both_product", "both",
    ]  # fmt: skip
