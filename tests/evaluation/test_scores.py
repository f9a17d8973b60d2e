import keras
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix

import mtl_keras as mtl
from mtl_keras.evaluation.scores import final_scores

from .toy import ToyData, build


@pytest.fixture(scope="module")
def scored():
    keras.utils.set_random_seed(3)
    data, model = ToyData(), build(dropout=0.0)
    model.compile(keras.optimizers.Adam(0.05), loss=data.losses, metrics=data.metrics)
    model.fit(data.train, epochs=2, verbose=0, shuffle=False)
    x, y = data._arrays(2, 48)
    outputs = model.predict(x, verbose=0)
    guess = {"sign": outputs["sign"][:, 0] > 0, "corner": outputs["corner"].argmax(-1)}
    return (
        final_scores(model, data),
        y,
        guess,
        model.evaluate(data.test, return_dict=True, verbose=0),
    )


@pytest.mark.parametrize("task", ["sign", "corner"])
def test_scores_and_matrix_are_those_of_sklearn(scored, task):
    found, labels, guess, logs = scored
    kept = labels[task] >= 0
    found = found["tasks"][task]
    assert found["score"] == pytest.approx(accuracy_score(labels[task][kept], guess[task][kept]))
    assert found["score"] == pytest.approx(logs[f"{task}_accuracy"])
    expected = confusion_matrix(labels[task][kept], guess[task][kept])
    np.testing.assert_array_equal(found["confusion"], expected)
    assert found["classes"] == ToyData.class_names[task]
    assert (found["metric"], found["higher_is_better"]) == ("accuracy", True)


def test_samples_point_to_rows_of_the_test_data(scored):
    found, labels, guess, _ = scored
    for task, result in found["tasks"].items():
        samples = result["samples"]
        index = samples["index"]
        assert len(index) == len(set(index)) == 12
        np.testing.assert_array_equal(samples["label"], labels[task][index])
        np.testing.assert_array_equal(samples["prediction"], guess[task][index])
        wrong = np.flatnonzero((labels[task] != guess[task]) & (labels[task] >= 0))
        assert (samples["label"] != samples["prediction"]).sum() == min(6, len(wrong))
    assert 5 not in found["tasks"]["sign"]["samples"]["index"]  # the row without a label


class Rows:
    """Test data of one task."""

    class_names = {}

    def __init__(self, labels, weights=None):
        import tensorflow as tf

        x = {"x": np.eye(4, dtype="float32"), "not_an_input_of_the_model": np.zeros((4, 2))}
        parts = (x, {"y": labels}) if weights is None else (x, {"y": labels}, {"y": weights})
        self.test = tf.data.Dataset.from_tensor_slices(parts).batch(3)


def scores_of(units, loss, labels, metrics=("accuracy",), weights=None):
    x = keras.Input((4,), name="x")
    layer = keras.layers.Dense(units, use_bias=False, name="y")
    model = mtl.MultiTaskModel({"x": x}, {"y": layer(x)})
    layer.kernel.assign(np.arange(4 * units).reshape(4, units) * [1, -1] * 2 - 3.0)
    model.compile(loss={"y": loss}, metrics={"y": list(metrics)})
    return final_scores(model, Rows(labels, weights))["tasks"]["y"]


@pytest.mark.filterwarnings("error::UserWarning")
def test_one_hot_labels():
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    found = scores_of(2, loss, np.eye(2, dtype="float32")[[0, 1, 0, 0]])
    np.testing.assert_array_equal(found["confusion"], [[3, 0], [1, 0]])


def test_rows_of_weight_zero_do_not_count():
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    weights = np.array([1, 0, 1, 1], "float32")
    found = scores_of(2, loss, np.array([0, 1, 0, 1], "int32"), weights=weights)
    np.testing.assert_array_equal(found["confusion"], [[2, 0], [1, 0]])
    assert list(found["samples"]["index"]) == [0, 2, 3]


def test_several_labels_in_a_row_have_no_matrix():
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    found = scores_of(2, loss, np.ones((4, 2), "float32"))
    assert found["confusion"] is None
    assert found["samples"] is None
    assert found["metric"] == "accuracy"


def test_regression_has_a_direction_and_no_matrix():
    labels = np.zeros((4, 2), "float32")
    found = scores_of(2, "mse", labels, metrics=("mae",))
    assert found["metric"] in ("mae", "mean_absolute_error")
    assert found["higher_is_better"] is False
    assert found["confusion"] is None
    found = scores_of(2, "mse", labels, metrics=())
    assert (found["metric"], found["higher_is_better"]) == ("loss", False)
    assert found["score"] > 0
