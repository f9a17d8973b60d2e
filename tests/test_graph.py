import keras
import pytest

import mtl_keras as mtl
from mtl_keras import graph

layers = keras.layers


def reached(model, tasks):
    """Dict path -> tasks that reach the variable, as a string."""
    found = graph.reach(model, list(tasks))
    pairs = found.trainable + found.statistics
    assert len({id(v) for v, _ in pairs}) == len(pairs)
    return {v.path.replace("moving_", ""): "".join(sorted(owners)) for v, owners in pairs}


def dense(name):
    return layers.Dense(2, name=name, use_bias=False)


def test_a_nested_model_of_two_outputs():
    """A walk over the layers would take the nested model for one block that both tasks reach."""
    inner_x = keras.Input((3,))
    inner = dense("inner_trunk")(inner_x)
    nested = keras.Model(inner_x, [dense("left")(inner), dense("right")(inner)], name="nested")
    x = keras.Input((3,), name="x")
    left, right = nested(x)
    model = keras.Model({"x": x}, {"b": dense("b")(left), "a": dense("a")(right)})
    assert reached(model, "ba") == {
        "inner_trunk/kernel": "ab",
        "left/kernel": "b",
        "right/kernel": "a",
        "a/kernel": "a",
        "b/kernel": "b",
    }
    found = graph.reach(model, ["b", "a"])
    assert [v.path for v in found.shared] == ["inner_trunk/kernel"]
    assert {task: [v.path for v in own] for task, own in found.own.items()} == {
        "b": ["left/kernel", "b/kernel"],
        "a": ["right/kernel", "a/kernel"],
    }


def test_a_layer_used_twice_private_statistics_and_a_sequential():
    x, z = keras.Input((3,), name="x"), keras.Input((3,), name="z")
    body = keras.Sequential([dense("one"), layers.ReLU(), dense("two")], name="body")
    left = layers.BatchNormalization(name="left_bn", scale=False)(body(x))
    right = layers.BatchNormalization(name="right_bn", scale=False)(body(z))
    both = layers.Add()([left, right])
    outputs = {"a": dense("a")(left), "b": dense("b")(right), "c": dense("c")(both)}
    found = reached(keras.Model({"x": x, "z": z}, outputs), "abc")
    assert found == {
        "body/one/kernel": "abc",
        "body/two/kernel": "abc",
        "left_bn/beta": "ac",
        "left_bn/mean": "ac",
        "left_bn/variance": "ac",
        "right_bn/beta": "bc",
        "right_bn/mean": "bc",
        "right_bn/variance": "bc",
        "a/kernel": "a",
        "b/kernel": "b",
        "c/kernel": "c",
    }


def test_frozen_layers_and_outputs_without_loss():
    x = keras.Input((3,), name="x")
    trunk = dense("trunk")
    h = layers.BatchNormalization(name="bn", scale=False)(trunk(x))
    trunk.trainable = False
    outputs = {"a": dense("a")(h), "b": dense("b")(h)}
    found = reached(keras.Model({"x": x}, outputs), "a")
    assert found == {
        "bn/beta": "a",
        "bn/mean": "a",
        "bn/variance": "a",
        "a/kernel": "a",
        "b/kernel": "",
    }


@pytest.mark.parametrize(
    "stop",
    [
        keras.ops.stop_gradient,
        keras.ops.round,
        keras.ops.floor,
        keras.ops.zeros_like,
        lambda h: keras.ops.cast(keras.ops.argmax(h, axis=1, keepdims=True), "float32"),
    ],
    ids=["stop_gradient", "round", "floor", "zeros_like", "argmax"],
)
def test_what_stops_the_gradient_is_not_reached(stop):
    x = keras.Input((3,), name="x")
    h = dense("trunk")(x)
    outputs = {"a": dense("a")(h), "b": dense("b")(stop(h))}
    assert reached(keras.Model({"x": x}, outputs), "ab")["trunk/kernel"] == "a"


@pytest.mark.parametrize("name", [pytest.param("mmoe", marks=pytest.mark.full), "cross_stitch"])
def test_the_walk_finds_what_the_gradients_find(name, monkeypatch):
    x = keras.Input((8, 8, 1), name="x")
    share = getattr(mtl.architectures, name)(
        lambda name: mtl.trunks.resnet(8, width=1, name=name), ["a", "b"]
    )
    features = share({"a": x, "b": x})
    model = keras.Model({"x": x}, {task: dense(task)(y) for task, y in features.items()})
    walked = reached(model, "ab")
    assert {"a", "b", "ab"} <= set(walked.values())
    monkeypatch.setattr(graph, "_flows_from", lambda output: None)
    assert reached(model, "ab") == walked


def test_recurrent_layers_and_word_vectors():
    words = keras.Input((5,), dtype="int32", name="words")
    vectors = layers.Embedding(7, 3, name="vectors")(words)
    state = layers.LSTM(3, name="lstm")(vectors)
    outputs = {"a": dense("a")(state), "b": dense("b")(layers.Flatten()(vectors))}
    found = reached(keras.Model({"words": words}, outputs), "ab")
    assert found["vectors/embeddings"] == "ab"
    assert {owners for path, owners in found.items() if path.startswith("lstm")} == {"a"}


def test_the_trace_runs_nothing():
    """Neither batch statistics nor the states of random layers move."""
    x = keras.Input((3,), name="x")
    h = layers.Dropout(0.5)(layers.BatchNormalization()(dense("trunk")(x)))
    model = keras.Model({"x": x}, {"a": dense("a")(h)})
    before = [v.numpy() for v in model.variables]
    graph.reach(model, ["a"])
    assert all((now.numpy() == then).all() for now, then in zip(model.variables, before))


def test_needed_inputs():
    inputs = {name: keras.Input((3,), name=name) for name in "zyx"}
    nested_x = [keras.Input((3,)), keras.Input((3,))]
    nested = keras.Model(nested_x, layers.Add()(nested_x))
    output = dense("a")(nested([inputs["x"], inputs["z"]]))
    assert graph.needed_inputs(output, inputs) == ["z", "x"]
    assert graph.needed_inputs(inputs["y"], inputs) == ["y"]


@pytest.mark.parametrize("as_inputs", [dict, list], ids=["dict", "list"])
def test_inputs_in_a_dict_or_a_list(as_inputs):
    inputs = {name: keras.Input((3,), name=name) for name in "zx"}
    outputs = {"a": dense("a")(inputs["x"]), "b": dense("b")(inputs["z"])}
    given = inputs if as_inputs is dict else list(inputs.values())
    model = mtl.MultiTaskModel(given, outputs)
    assert model.task_inputs == {"a": ["x"], "b": ["z"]}
    model.compile("sgd", "mse")
    assert model.reach.shared == []
