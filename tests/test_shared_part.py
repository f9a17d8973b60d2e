import keras

from mtl_keras import graph
from mtl_keras.shared_part import last_shared_variables, shared_features

layers = keras.layers


def found(outputs, inputs):
    model = keras.Model(inputs, outputs)
    reach = graph.reach(model, list(outputs))
    return shared_features(model, reach), [v.path for v in last_shared_variables(model, reach)]


def test_the_last_tensor_behind_everything_shared():
    x = keras.Input((8, 8, 1), name="x")
    y = layers.Conv2D(2, 3, name="first")(x)
    y = layers.BatchNormalization(name="bn")(layers.Conv2D(2, 3, name="second")(y))
    z = layers.GlobalMaxPooling2D(name="pool")(y)
    outputs = {name: layers.Dense(1, name=name)(z) for name in "ab"}
    features, last = found(outputs, x)
    assert features is z
    assert last == ["second/kernel", "second/bias"]


def test_a_shared_layer_beside_the_tensor_moves_it_on():
    x = keras.Input((4,), name="x")
    z = layers.Dense(3, name="trunk")(x)
    side = layers.Dense(3, name="side")
    outputs = {name: layers.Dense(1, name=name)(layers.Add()([z, side(x)])) for name in "ab"}
    features, last = found(outputs, x)
    assert features is None  # each head adds for itself
    assert last == ["side/kernel", "side/bias"] or last == ["trunk/kernel", "trunk/bias"]
    joined = layers.Add()([z, side(x)])
    outputs = {name: layers.Dense(1, name=name)(joined) for name in "ab"}
    assert found(outputs, x)[0] is joined


def test_disjoint_inputs_have_no_tensor_in_common():
    x, z = keras.Input((4,), name="x"), keras.Input((4,), name="z")
    trunk = layers.Dense(3, name="trunk")
    outputs = {"a": layers.Dense(1, name="a")(trunk(x)), "b": layers.Dense(1, name="b")(trunk(z))}
    features, last = found(outputs, {"x": x, "z": z})
    assert features is None
    assert last == ["trunk/kernel", "trunk/bias"]


def test_tasks_that_share_nothing():
    x, z = keras.Input((4,), name="x"), keras.Input((4,), name="z")
    outputs = {"a": layers.Dense(1, name="a")(x), "b": layers.Dense(1, name="b")(z)}
    assert found(outputs, {"x": x, "z": z}) == (None, [])


def test_nested_models_are_looked_into():
    inner = keras.Input((4,))
    body = layers.Dense(3, name="deep")(layers.Dense(3, name="early")(inner))
    trunk = keras.Model(inner, layers.LayerNormalization(name="norm")(body), name="nested")
    x = keras.Input((4,), name="x")
    z = trunk(x)
    outputs = {name: layers.Dense(1, name=name)(z) for name in "ab"}
    features, last = found(outputs, x)
    assert features is z
    assert last == ["deep/kernel", "deep/bias"]


def test_a_sequential_trunk_is_looked_into():
    trunk = keras.Sequential([layers.Dense(3, name="early"), layers.Dense(3, name="deep")])
    x = keras.Input((4,), name="x")
    z = trunk(x)
    last = found({name: layers.Dense(1, name=name)(z) for name in "ab"}, x)[1]
    assert [path.split("/")[-2] for path in last] == ["deep", "deep"]
