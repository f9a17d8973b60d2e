"""Outputs as tasks, and one task of a model."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from toy_tasks import LOSSES, arrays, build, dataset, train, values

import mtl_keras as mtl

Dense = keras.layers.Dense


def test_tasks_keep_the_order_of_the_user():
    model = build()
    assert model.tasks == ["zeta", "alpha", "mid"]
    assert list(model.outputs_by_task) == model.tasks
    assert model.task_inputs == {"zeta": ["x"], "alpha": ["x", "z"], "mid": ["x", "z"]}
    assert model(arrays(2)[0]).keys() == set(model.tasks)


def test_an_output_layer_of_another_name_is_wrapped():
    x = keras.Input((3,), name="x")
    two = keras.Model(x, [Dense(2)(x), Dense(1)(x)])(x)
    shared = Dense(4, name="both")(x)
    outputs = {"left": two[0], "right": two[1], "both": shared, "again": shared}
    model = mtl.MultiTaskModel(x, outputs)
    assert model.tasks == list(outputs)
    assert {layer.name for layer in model.layers} >= set(outputs)
    found = model(np.ones((1, 3), "float32"))
    assert {task: tensor.shape[-1] for task, tensor in found.items()} == {
        "left": 2,
        "right": 1,
        "both": 4,
        "again": 4,
    }
    np.testing.assert_array_equal(found["both"], found["again"])


@pytest.mark.parametrize(
    "given",
    [lambda x, z: {"x": x, "z": z}, lambda x, z: [x, z], lambda x, z: (z, x)],
    ids=["dict", "list", "tuple"],
)
def test_inputs_may_be_given_in_any_way_and_data_by_name(given):
    keras.utils.set_random_seed(0)
    x, z = keras.Input((6,), name="x"), keras.Input((4,), name="z")
    joined = keras.layers.Concatenate()([x, z])
    model = mtl.MultiTaskModel(given(x, z), {"a": Dense(1)(joined), "b": Dense(1)(x)})
    inputs, _ = arrays(4)
    labels = {"a": np.ones(4, "float32"), "b": np.ones(4, "float32")}
    model.compile("sgd", "mse", run_eagerly=True)
    data = dataset({**inputs, "unused": np.zeros(4)}, labels)
    train(model, data)
    found = model.predict(inputs, verbose=0)
    kernel, bias = model.task("b").layers[-2].get_weights()
    np.testing.assert_allclose(found["b"], inputs["x"] @ kernel + bias, rtol=1e-5, atol=1e-6)


def test_a_single_input_takes_bare_arrays():
    x = keras.Input((6,), name="x")
    model = mtl.MultiTaskModel(x, {"a": Dense(1)(x)})
    model.compile("sgd", "mse", metrics=["mae"], run_eagerly=True)
    inputs, labels = arrays(8)
    history = model.fit(inputs["x"], labels["mid"][:, :1], 4, 2, 0).history
    assert len(history["a_mae"]) == 2
    assert model.predict(inputs["x"], verbose=0)["a"].shape == (8, 1)


def test_metrics_of_one_head_see_that_head():
    """Where the layers' names sort in another order than the tasks'."""
    x = keras.Input((6,), name="x")
    outputs = {"a": Dense(1, name="zz")(x), "b": Dense(1, name="aa")(x)}
    model = mtl.MultiTaskModel(x, outputs)
    model.compile("sgd", "mse", metrics={"a": "mae"}, run_eagerly=True)
    inputs, labels = arrays(8)
    y = {"a": labels["mid"][:, 0], "b": 100 + labels["mid"][:, 1]}
    logs = model.evaluate({"x": inputs["x"]}, y, verbose=0, return_dict=True)
    wanted = np.abs(model.predict(inputs["x"], verbose=0)["a"][:, 0] - y["a"]).mean()
    assert logs["a_mae"] == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize(
    ("outputs", "options", "message"),
    [
        (lambda x, z: [Dense(1)(x)], {}, "`outputs` must be a dict task -> tensor. Received: list"),
        (lambda x, z: {}, {}, "`outputs` must be a dict task -> tensor"),
        (lambda x, z: {0: Dense(1)(x)}, {}, "tasks must be named by str. Received: 0"),
        (lambda x, z: {"x": Dense(1)(x)}, {}, "Task 'x' bears the name of an input"),
        (lambda x, z: {"a": 3}, {}, "Task 'a': the output must be a KerasTensor. Received: 3"),
        (lambda x, z: {"a": Dense(1)(x)}, {}, "Input 'z' reaches no task. Tasks use: x"),
        (
            lambda x, z: {"a": Dense(1)(x), "b": Dense(1)(z)},
            {"preprocess": {"y": keras.layers.Rescaling(1.0)}},
            "Unknown input in preprocess 'y'",
        ),
        (
            lambda x, z: {"a": Dense(1)(x), "b": Dense(1)(z)},
            {"preprocess": {"x": np.abs}},
            "`preprocess` must hold Keras layers. Received: 'x'",
        ),
        (
            lambda x, z: {"digits": Dense(1)(x), "b": Dense(1)(z)},
            {"class_names": {"digit": ["a"]}},
            "Unknown task in class_names 'digit'. Did you mean 'digits'",
        ),
    ],
)
def test_structures_that_do_not_fit(outputs, options, message):
    x, z = keras.Input((3,), name="x"), keras.Input((3,), name="z")
    with pytest.raises(ValueError, match=message):
        mtl.MultiTaskModel({"x": x, "z": z}, outputs(x, z), **options)


def test_a_task_is_a_plain_model_over_the_same_variables():
    model = build()
    metrics = {"zeta": ["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(2, name="top")]}
    model.compile("adam", LOSSES, metrics=metrics, run_eagerly=True)
    train(model, dataset())
    inputs, labels = arrays()
    view, both = model.task("zeta"), model.task("mid")
    assert type(view).__mro__.count(mtl.MultiTaskModel) == 0
    assert isinstance(view.input, keras.KerasTensor)
    assert list(both.input) == ["x", "z"]
    logits = view.predict(inputs["x"], verbose=0)
    np.testing.assert_allclose(logits, model.predict(inputs, verbose=0)["zeta"], rtol=1e-6)
    kept = {id(v) for v in model.variables}
    assert all(id(v) in kept for v in view.variables)
    logs = model.evaluate(dataset(), verbose=0, return_dict=True)
    found = view.evaluate(inputs["x"], labels["zeta"], verbose=0, return_dict=True)
    penalty = sum(float(loss) for loss in view.losses)
    assert found["loss"] - penalty == pytest.approx(logs["zeta_loss"], rel=1e-5)
    assert found["accuracy"] == pytest.approx(logs["zeta_accuracy"])
    assert found["top"] == pytest.approx(logs["zeta_top"])
    # Training the view trains the model, and nothing of the other tasks.
    before = {v.path: v.numpy() for v in model.trainable_variables}
    view.fit(inputs["x"], labels["zeta"], verbose=0)
    changed = {
        v.path.split("/")[0]
        for v in model.trainable_variables
        if (v.numpy() != before[v.path]).any()
    }
    assert changed == {"trunk", "trunk_bn", "zeta_own", "zeta_bn", "zeta"}


def test_a_task_under_another_optimizer_or_without():
    model = build()
    assert not model.task("mid").compiled
    function = lambda y_true, y_pred: tf.reduce_mean(tf.abs(y_true - y_pred), -1)  # noqa: E731
    metrics = {"mid": function}
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)
    model.compile(
        keras.optimizers.SGD(schedule),
        {**LOSSES, "alpha": None},
        metrics=metrics,
        weighting="equal",
    )
    assert not model.task("alpha").compiled
    inputs, labels = arrays(8)
    found = model.task("mid").evaluate(inputs, labels["mid"], verbose=0, return_dict=True)
    error = np.abs(labels["mid"] - model.predict(inputs, verbose=0)["mid"])
    assert found[next(name for name in found if name != "loss")] == pytest.approx(
        error.mean(), rel=1e-5
    )


def test_an_unknown_task():
    with pytest.raises(ValueError, match=r"Unknown task 'zetta'. Did you mean 'zeta'?"):
        build().task("zetta")


def test_an_output_without_loss_is_predicted_and_not_trained():
    model = build(noise=False, regularize=False)
    model.compile("sgd", {**LOSSES, "mid": None}, metrics="accuracy", run_eagerly=True)
    head = values(model.get_layer("mid").variables)
    side = values(model.get_layer("side").variables)
    history = train(model, dataset())
    assert not any(name.startswith("mid") for name in history)
    assert all(map(np.array_equal, values(model.get_layer("mid").variables), head))
    assert not any(map(np.array_equal, values(model.get_layer("side").variables), side))
    assert model.predict(arrays(3)[0], verbose=0)["mid"].shape == (3, 5)
    assert model.loss_objects["mid"] is None
