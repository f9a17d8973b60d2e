"""What `compile` and `fit` may be told, beside plain Keras or a closed form."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from toy_tasks import LOSSES, arrays, build, dataset, same, train, values

import mtl_keras as mtl

METHODS = [None, "uncertainty", "pcgrad"]


def step(model, optimizer="sgd", data=None, **options):
    """One eager step; returns the values of the variables before and after, and the logs."""
    model.compile(optimizer, LOSSES, run_eagerly=True, **options)
    before = values(model.trainable_variables)
    logs = model.train_on_batch(*(data or next(iter(dataset()))), return_dict=True)
    return before, values(model.trainable_variables), logs


def moves(**options):
    """Dict path -> update by one step of gradient descent, of the variables of the layers."""
    model = build(noise=False, regularize=options.pop("regularize", True))
    optimizer = options.pop("optimizer", None) or keras.optimizers.SGD(0.1)
    before, after, _ = step(model, optimizer, **options)
    found = zip(model.trainable_variables, before, after)
    return {v.path: now - then for v, then, now in found if "log_variances" not in v.path}


@pytest.mark.parametrize("weighting", METHODS)
def test_learning_rate_multipliers(weighting):
    if weighting == "pcgrad":
        weighting = mtl.weighting.PCGrad(shuffle=False)
    factors = {"trunk": 0.0, "zeta_own": 0.5, "alpha": 3.0}
    full = moves(weighting=weighting)
    found = moves(weighting=weighting, learning_rate_multipliers=factors)
    assert found.keys() == full.keys()
    for path, move in found.items():
        factor = factors.get(path.split("/")[0], 1.0)
        np.testing.assert_allclose(move, factor * full[path], rtol=1e-4, atol=1e-7)
        assert factor or not move.any()


def test_a_factor_of_zero_freezes_under_momentum_decay_and_xla():
    model = build(noise=False, tasks=["zeta"])
    model.compile(
        keras.optimizers.AdamW(0.1, weight_decay=0.5),
        {"zeta": LOSSES["zeta"]},
        learning_rate_multipliers={"trunk": 0},
        jit_compile=True,
    )
    before = values(model.trainable_variables)
    x, y = next(iter(dataset()))
    for _ in range(3):
        model.train_on_batch({"x": x["x"]}, {"zeta": y["zeta"]})
    after = values(model.trainable_variables)
    assert same(after[:2], before[:2])
    assert not any(map(np.array_equal, after[2:], before[2:]))


def test_loss_weights_multiply_before_the_weighting_and_leave_the_logs():
    weights = {"zeta": 3.0, "mid": 0.5}
    every = {task: weights.get(task, 1.0) for task in LOSSES}
    batch = next(iter(dataset()))
    plain = build(keras.Model, noise=False)
    plain.compile("sgd", LOSSES, every, run_eagerly=True)
    wanted = plain.train_on_batch(*batch, return_dict=True)
    ours = build(noise=False)
    _, after, logs = step(ours, loss_weights=weights)
    assert same(after, values(plain.trainable_variables))
    for name in wanted:
        assert logs[name] == pytest.approx(wanted[name], rel=1e-5)
    # pcgrad sees gradients of weighted losses, so equal conflicts at any common factor.
    alike = dict.fromkeys(LOSSES, 2.0)
    once, twice = (
        moves(weighting=mtl.weighting.PCGrad(shuffle=False), loss_weights=w) for w in (None, alike)
    )
    np.testing.assert_allclose(twice["alpha/kernel"], 2 * once["alpha/kernel"], rtol=1e-5)


def test_class_weights_are_sample_weights():
    inputs, labels = arrays(16)
    labels["zeta"][3] = -1
    by_class = {"zeta": {0: 2.0, 2: 0.5}, "alpha": {1: 3.0}}
    weights = {
        "zeta": np.array([2.0, 1.0, 0.5])[labels["zeta"]],
        "alpha": np.array([1.0, 3.0])[labels["alpha"]],
    }
    metrics = {"weighted_metrics": {"zeta": "accuracy", "alpha": "accuracy"}, "run_eagerly": True}
    found = []
    for data, options in (
        (dataset(inputs, labels), {"class_weight": by_class}),
        (dataset(inputs, labels, weights), {}),
    ):
        model = build()
        model.compile("sgd", LOSSES, **metrics)
        logs = train(model, data, **options)
        found.append((values(model.variables), logs))
    (ours, logs), (wanted, manual_logs) = found
    for a, b in zip(ours, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)
    for name, value in manual_logs.items():
        assert logs[name] == pytest.approx(value, rel=1e-6), name


def test_class_weights_do_not_outlive_their_fit():
    model, data = build(noise=False), dataset().take(1)
    model.compile(keras.optimizers.SGD(0.0), LOSSES, jit_compile=False)
    first = train(model, data)["zeta_loss"]
    weighted = train(model, data, class_weight={"zeta": {0: 9.0}})["zeta_loss"]
    assert weighted != first
    assert train(model, data)["zeta_loss"] == first


@pytest.mark.parametrize("weighting", METHODS)
def test_regularisation_is_logged_and_never_balanced(weighting):
    if weighting == "pcgrad":
        weighting = mtl.weighting.PCGrad(shuffle=False)
    inputs, labels = next(iter(dataset()))
    data = inputs, {**labels, "alpha": tf.fill([8], -1)}
    model = build(noise=False)
    kernels = {v.path: v.numpy() for v in model.trainable_variables}
    kernels = {path: kernels[path] for path in ("trunk/kernel", "zeta/kernel")}
    _, _, logs = step(model, data=data, weighting=weighting)
    _, _, bare_logs = step(build(noise=False, regularize=False), data=data, weighting=weighting)
    penalty = 0.01 * sum((kernel**2).sum() for kernel in kernels.values())  # the bias is 0
    assert logs["loss"] - bare_logs["loss"] == pytest.approx(penalty, rel=1e-4)
    found, bare = (moves(regularize=r, data=data, weighting=weighting) for r in (True, False))
    for path, kernel in kernels.items():
        np.testing.assert_allclose(
            found[path] - bare[path], -0.1 * 0.02 * kernel, rtol=1e-3, atol=1e-7
        )


@pytest.mark.parametrize("weighting", ["equal", "pcgrad"])
def test_clipping_sees_the_combined_gradient(weighting):
    if weighting == "pcgrad":
        weighting = mtl.weighting.PCGrad(shuffle=False)
    free = moves(weighting=weighting)
    norm = np.sqrt(sum((move**2).sum() for move in free.values())) / 0.1
    clipped = keras.optimizers.SGD(0.1, global_clipnorm=norm / 4)
    for path, move in moves(weighting=weighting, optimizer=clipped).items():
        np.testing.assert_allclose(move, free[path] / 4, rtol=1e-4, atol=1e-7)


def test_moving_averages_and_gathered_gradients_of_the_optimizer_are_those_of_keras():
    options = {"use_ema": True, "ema_momentum": 0.9, "gradient_accumulation_steps": 2}
    models = [build(cls) for cls in (keras.Model, mtl.MultiTaskModel)]
    for model in models:
        model.compile(keras.optimizers.Adam(0.01, **options), LOSSES, run_eagerly=True)
        train(model, dataset().take(4))
    plain, ours = models
    assert same(values(ours.variables), values(plain.variables))
    assert same(values(ours.optimizer.variables), values(plain.optimizer.variables))


def test_several_steps_at_once_and_eager_steps_are_the_same_steps():
    found = []
    for options in ({}, {"steps_per_execution": 2}, {"run_eagerly": True}):
        model = build(noise=False)
        model.compile(
            "sgd", LOSSES, weighting=mtl.weighting.PCGrad(seed=0), jit_compile=False, **options
        )
        logs = train(model, dataset().take(3))
        found.append((values(model.variables), logs))
    for variables, logs in found[1:]:
        for ours, theirs in zip(variables, found[0][0], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
        assert logs["loss"] == pytest.approx(found[0][1]["loss"], rel=1e-5)


@pytest.fixture
def mixed():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("weighting", METHODS)
def test_mixed_precision_is_the_step_of_full_precision(weighting, mixed):
    keras.config.set_dtype_policy("float32")
    weighting = mtl.weighting.PCGrad(shuffle=False) if weighting == "pcgrad" else weighting
    full = moves(weighting=weighting)
    keras.config.set_dtype_policy("mixed_float16")
    model = build(noise=False)
    before, after, logs = step(model, keras.optimizers.SGD(0.1), weighting=weighting)
    assert type(model.optimizer).__name__ == "LossScaleOptimizer"
    assert int(model.optimizer.iterations) == 1
    assert not logs.get("weighting_failures")
    for path, then, now in zip(full, before, after):
        scale = np.abs(full[path]).max()
        np.testing.assert_allclose(now - then, full[path], atol=0.02 * scale + 1e-6)


@pytest.mark.parametrize("weighting", [None, "pcgrad"])
def test_an_overflow_skips_the_step_and_halves_the_scale(weighting, mixed):
    model = build(noise=False)
    inputs, labels = next(iter(dataset()))
    model.compile("adam", LOSSES, weighting=weighting, run_eagerly=True)
    before = values(model.trainable_variables)
    scale = float(model.optimizer.dynamic_scale)
    model.train_on_batch(inputs, {**labels, "mid": tf.fill(labels["mid"].shape, 1e38)})
    assert same(values(model.trainable_variables), before)
    assert int(model.optimizer.iterations) == 0
    assert float(model.optimizer.dynamic_scale) == scale / 2
    model.train_on_batch(inputs, labels)
    assert int(model.optimizer.iterations) == 1


def test_dwa_hears_the_training_losses_also_where_there_are_validation_data():
    found = []
    for options in ({}, {"validation_data": dataset(*arrays(8, seed=5))}):
        model = build()
        model.compile("sgd", LOSSES, weighting="dwa", run_eagerly=True)
        logs = train(model, dataset().take(2), 2, **options)
        np.testing.assert_allclose(
            model.weighting.last, [logs[f"{task}_loss"][1] for task in LOSSES], rtol=1e-6
        )
        found.append(values(model.variables))
    assert same(*found)


def test_callbacks_learn_which_direction_is_better():
    model = build()
    metrics = {"zeta": "accuracy", "mid": "mae"}
    model.compile("sgd", LOSSES, metrics=metrics, run_eagerly=True)
    stops = {
        name: keras.callbacks.EarlyStopping(f"val_{name}")
        for name in ("mean_score", "loss", "zeta_loss", "zeta_accuracy", "mid_mae")
    }
    train(
        model,
        dataset().take(1),
        1,
        validation_data=dataset().take(1),
        callbacks=list(stops.values()),
    )
    assert {name: stop.mode for name, stop in stops.items()} == {
        "mean_score": "max",
        "loss": "min",
        "zeta_loss": "min",
        "zeta_accuracy": "max",
        "mid_mae": "min",
    }
    assert all(stop.best is not None for stop in stops.values())
