"""Names and settings that `compile` checks, and compiling again."""

import keras
import numpy as np
import pytest
from toy_tasks import LOSSES, build, dataset, same, train, values

import mtl_keras as mtl


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": None}, "`loss` must be a dict task -> loss. Received: None"),
        ({"loss": ["mse", "mse", "mse"]}, "`loss` must be a dict by task"),
        ({"loss": {"zetta": "mse"}}, "Unknown task in loss 'zetta'. Did you mean 'zeta'?"),
        ({"loss": {"zeta": "mse", "mid": "mse"}}, "Task 'alpha' has no loss. Give one, or None"),
        ({"loss": dict.fromkeys(LOSSES)}, "No task has a loss"),
        ({"loss": {**LOSSES, "mid": "msee"}}, "Task 'mid': unknown loss. Received: loss='msee'"),
        ({"metrics": {"alfa": "mae"}}, "Unknown task in metrics 'alfa'. Did you mean 'alpha'?"),
        ({"weighted_metrics": {"m": "mae"}}, "Unknown task in weighted_metrics 'm'"),
        ({"metrics": {"mid": "maee"}}, "Task 'mid': unknown metric. Received: metric='maee'"),
        ({"metrics": keras.metrics.MeanSquaredError(name="m")}, "the metric 'm' is given twice"),
        ({"loss": {**LOSSES, "mid": None}, "metrics": {"mid": "mae"}}, "'mid' has no loss"),
        ({"loss_weights": {"zetta": 1.0}}, "Unknown task in loss_weights 'zetta'"),
        ({"loss_weights": [1, 2, 3]}, "`loss_weights` must be a dict by task"),
        ({"loss_weights": {"zeta": -1.0}}, "finite numbers that are not negative"),
        ({"weighting": "uncertainy"}, "Unknown weighting 'uncertainy'. Did you mean 'uncertainty'"),
        ({"weighting": {"zetta": 1.0}}, "Unknown task in weighting 'zetta'. Did you mean 'zeta'?"),
        ({"weighting": 3}, "`weighting` must be a name"),
        ({"log_weights": True}, "`log_weights` needs a weighting"),
        ({"learning_rate_multipliers": {"trnk": 0.5}}, "Unknown layer in .* Did you mean 'trunk'"),
        ({"learning_rate_multipliers": {"trunk": -1}}, "finite numbers that are not negative"),
        (
            {
                "optimizer": keras.optimizers.SGD(use_ema=True),
                "learning_rate_multipliers": {"trunk": 0.5},
            },
            "does not go with an optimizer of use_ema=True",
        ),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    model = build()
    with pytest.raises(ValueError, match=message):
        model.compile(**{"optimizer": "sgd", "loss": LOSSES, **options})


def test_a_used_optimizer_is_refused_before_training():
    model = build()
    model.compile("adam", LOSSES)
    with pytest.raises(
        ValueError, match="must be new: the one given was built for other variables"
    ):
        model.compile(model.optimizer, LOSSES, weighting="uncertainty")
    with pytest.raises(ValueError, match="must be new"):
        build().compile(model.optimizer, LOSSES)


def test_training_needs_compile():
    with pytest.raises(ValueError, match="must call `compile"):
        build().fit(dataset())


def test_compiling_again_leaves_nothing_of_the_earlier_weighting():
    model = build()
    plain = [v.path for v in model.variables]
    for weighting, own in (("uncertainty", 1), ("pcgrad", 3), (None, 0)):
        model.compile("adam", LOSSES, weighting=weighting, run_eagerly=True)
        assert len(model.variables) == len(plain) + own, weighting
        train(model, dataset().take(1))
        slots = len(model.trainable_variables) * 2 + 2
        assert len(model.optimizer.variables) == slots, weighting
    assert [v.path for v in model.variables] == plain
    assert [layer.name for layer in model.layers] == [layer.name for layer in build().layers]


def test_compiling_again_forgets_losses_and_metrics():
    model = build()
    model.compile("sgd", LOSSES, metrics={"zeta": "accuracy"}, run_eagerly=True)
    train(model, dataset().take(1))
    model.compile("sgd", {**LOSSES, "mid": "mae", "alpha": None}, run_eagerly=True)
    history = train(model, dataset().take(1))
    assert history.keys() == {"loss", "zeta_loss", "mid_loss"}


def test_a_method_of_other_tasks_is_copied_without_its_state():
    method = mtl.weighting.Uncertainty(initial_log_variance=0.5)
    model = build()
    model.compile("adam", LOSSES, weighting=method, run_eagerly=True)
    train(model, dataset().take(1))
    model.compile("adam", {**LOSSES, "mid": None}, weighting=method)
    assert model.weighting is not method
    assert model.weighting.task_names == ["zeta", "alpha"]
    np.testing.assert_array_equal(model.weighting.log_variances, [0.5, 0.5])
    assert len(model.weighting.variables) == 1


def test_static_weights_and_bare_values_serve_every_task():
    found = []
    for options in ({"weighting": {"mid": 0.5}}, {"loss_weights": {"mid": 0.5}}):
        model = build()
        model.compile("sgd", LOSSES, run_eagerly=True, **options)
        train(model, dataset())
        found.append(values(model.trainable_variables))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    x = keras.Input((6,), name="x")
    model = mtl.MultiTaskModel(x, {"a": keras.layers.Dense(1)(x), "b": keras.layers.Dense(1)(x)})
    model.compile("sgd", "mse", metrics=["mae", "mse"])
    assert [name for name, _ in model._boards["b"].plain] == ["mae", "mse"]


def test_the_order_of_the_losses_does_not_matter_to_a_method():
    """The tasks' order is that of the outputs, so a state read back belongs to the same task."""
    models = [build(), build()]
    for model, order in zip(models, (["mid", "alpha", "zeta"], list(LOSSES))):
        losses = {task: LOSSES[task] for task in order}
        model.compile("adam", losses, weighting="uncertainty", run_eagerly=True)
        assert model.weighting.task_names == model.tasks
        train(model, dataset().take(2))
    assert same(values(models[0].variables), values(models[1].variables))
