"""The logs of `fit` and `evaluate` beside an independent count."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from toy_tasks import LOSSES, arrays, build, dataset, train

import mtl_keras as mtl

METRICS = {"zeta": ["accuracy"], "alpha": ["accuracy", "auc"], "mid": ["mae"]}


def with_holes(rows=22):
    """Labels of which some are missing; 22 rows make batches of 8, 8 and 6."""
    inputs, labels = arrays(rows)
    labels["zeta"][[0, 3, 4, 5, 6, 7, 9, 20]] = -1
    labels["alpha"][8:16] = -1  # a whole batch
    labels["mid"][1:4, 2] = np.nan
    labels["mid"][10:22] = np.nan
    return inputs, labels


def counted(model, inputs, labels):
    """What the logs should say, by NumPy over all rows at once."""
    outputs = model.predict(inputs, verbose=0)
    zeta, alpha, mid = labels["zeta"], labels["alpha"], labels["mid"]
    seen = zeta >= 0
    log_softmax = tf.nn.log_softmax(outputs["zeta"]).numpy()
    logit, known = outputs["alpha"][:, 0], alpha >= 0
    error, rows = (outputs["mid"] - mid) ** 2, ~np.isnan(mid).all(1)
    logs = {
        "zeta_loss": -log_softmax[np.arange(len(zeta)), zeta][seen].mean(),
        "zeta_accuracy": (outputs["zeta"].argmax(1) == zeta)[seen].mean(),
        "alpha_loss": (np.log1p(np.exp(logit)) - alpha * logit)[known].mean(),
        "alpha_accuracy": ((logit > 0) == alpha)[known].mean(),
        "mid_loss": np.nanmean(error[rows], axis=1).mean(),
        "mid_mae": np.nanmean(np.abs(outputs["mid"] - mid)),
    }
    penalty = sum(float(loss) for loss in model.losses)
    logs["loss"] = sum(logs[f"{task}_loss"] for task in LOSSES) + penalty
    signed = [logs["zeta_accuracy"], logs["alpha_accuracy"], -logs["mid_mae"]]
    logs["mean_score"] = np.mean(signed)
    return logs


@pytest.mark.parametrize("weighting", [None, "pcgrad"])
def test_every_number_of_an_uneven_epoch_with_missing_labels(weighting):
    data = with_holes()
    model = build(noise=False)
    model.compile(
        keras.optimizers.SGD(0.0), LOSSES, metrics=METRICS, weighting=weighting, run_eagerly=True
    )
    history = train(model, dataset(*data), validation_data=dataset(*data, batch=5))
    for key, value in counted(model, *data).items():
        assert history[key] == pytest.approx([value], rel=1e-4), key
        assert history[f"val_{key}"] == pytest.approx([value], rel=1e-4), key
    names = {*counted(model, *data), "alpha_auc"}
    failures = {"weighting_failures"} if weighting else set()
    assert history.keys() == names | failures | {f"val_{name}" for name in names}


def test_evaluate_after_training_is_the_count_over_predictions():
    data = with_holes()
    model = build()
    model.compile("adam", LOSSES, metrics=METRICS)
    history = train(model, dataset(), 2, validation_data=dataset(*data))
    wanted = counted(model, *data)
    logs = model.evaluate(dataset(*data), verbose=0, return_dict=True)
    for key, value in wanted.items():
        assert logs[key] == pytest.approx(value, rel=1e-4), key
        assert history[f"val_{key}"][-1] == pytest.approx(value, rel=1e-4), key
    arrays_, labels = data
    once_more = model.evaluate(arrays_, labels, batch_size=7, verbose=0, return_dict=True)
    assert once_more["zeta_loss"] == pytest.approx(logs["zeta_loss"], rel=1e-5)


def test_the_names_are_those_of_keras():
    def distance(y_true, y_pred):
        return tf.reduce_mean(tf.abs(y_true - y_pred), axis=-1)

    found = []
    for cls in (keras.Model, mtl.MultiTaskModel):
        model = build(cls)
        metrics = {
            "zeta": ["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(2, name="top")],
            "alpha": ["acc", "AUC", "precision"],
            "mid": ["mse", "mean_absolute_error", distance, keras.metrics.R2Score()],
        }
        weighted = {"zeta": ["accuracy"], "mid": ["mae"]}
        model.compile("sgd", LOSSES, None, metrics, weighted, run_eagerly=True)
        found.append(set(train(model, dataset().take(1), validation_data=dataset().take(1))))
    assert found[1] == found[0] | {"mean_score", "val_mean_score"}


def test_one_task_still_has_its_own_loss():
    data = dataset().map(lambda x, y: ({"x": x["x"]}, {"zeta": y["zeta"]}))
    model = build(tasks=["zeta"], regularize=False)
    model.compile("sgd", {"zeta": LOSSES["zeta"]}, run_eagerly=True)
    history = train(model, data)
    assert history.keys() == {"loss", "zeta_loss"}
    assert history["loss"] == history["zeta_loss"]


def test_a_task_that_never_had_a_label_is_nan_and_the_others_count():
    inputs, labels = arrays(16)
    labels["alpha"][:] = -1
    model = build(regularize=False)
    model.compile("sgd", LOSSES, metrics=METRICS, weighting="equal", run_eagerly=True)
    model.fit(dataset(), verbose=0)
    logs = train(model, dataset(inputs, labels))
    for name in ("alpha_loss", "alpha_accuracy", "alpha_auc"):
        assert np.isnan(logs[name]).all(), name
    assert logs["loss"] == pytest.approx([logs["zeta_loss"][0] + logs["mid_loss"][0]])
    score = (logs["zeta_accuracy"][0] - logs["mid_mae"][0]) / 2
    assert logs["mean_score"] == pytest.approx([score])


def test_an_epoch_without_any_label_is_nan():
    inputs, labels = arrays(8)
    empty = {task: np.full_like(v, np.nan if task == "mid" else -1) for task, v in labels.items()}
    model = build()
    model.compile("sgd", LOSSES, metrics=METRICS, run_eagerly=True)
    before = model.get_weights()
    logs = model.evaluate(dataset(inputs, empty), verbose=0, return_dict=True)
    assert np.isnan(list(logs.values())).all()
    assert all(map(np.array_equal, before, model.get_weights()))


def test_the_mean_score_leaves_out_metrics_of_unknown_direction():
    def distance(y_true, y_pred):
        return tf.reduce_mean(tf.abs(y_true - y_pred), axis=-1)

    model = build()
    model.compile("sgd", LOSSES, metrics={"zeta": "accuracy", "mid": distance}, run_eagerly=True)
    logs = model.evaluate(dataset(), verbose=0, return_dict=True)
    assert logs["mean_score"] == pytest.approx(logs["zeta_accuracy"])


@pytest.mark.parametrize(
    ("tasks", "metrics", "name"),
    [
        (("a", "val_a"), {}, "val_a_loss"),
        (("val", "b"), {}, "val_loss"),
        (("a", "a_b"), {"a": keras.metrics.Mean(name="b_loss")}, "a_b_loss"),
        (("mean", "b"), {"mean": keras.metrics.Mean(name="score")}, "mean_score"),
    ],
)
def test_two_values_of_one_name_are_refused(tasks, metrics, name):
    x = keras.Input((2,), name="x")
    model = mtl.MultiTaskModel(x, {task: keras.layers.Dense(1)(x) for task in tasks})
    with pytest.raises(ValueError, match=f"Two values would be logged as '{name}'"):
        model.compile("sgd", "mse", metrics=metrics)


def test_weights_and_conflicts_are_logged_on_request():
    inputs, labels = arrays(16)
    labels["mid"][:] = np.nan
    logs = {}
    for weighting in ("uncertainty", "pcgrad"):
        model = build()
        model.compile(
            keras.optimizers.SGD(0.0),
            LOSSES,
            weighting=weighting,
            log_weights=True,
            run_eagerly=True,
        )
        data = dataset(inputs, labels)
        logs[weighting] = train(model, data, validation_data=data)
    assert logs["uncertainty"]["zeta_weight"] == pytest.approx([0.5])
    assert logs["pcgrad"]["zeta_weight"][0] >= 1
    assert -1 <= logs["pcgrad"]["conflict/zeta_alpha"][0] <= 1
    assert not any(name.startswith(("val_conflict", "val_zeta_w")) for name in logs["pcgrad"])
    for name in ("conflict/zeta_mid", "mid_weight"):
        assert np.isnan(logs["pcgrad"][name]).all()
