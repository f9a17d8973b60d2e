import keras
import numpy as np
import pytest

from mtl_keras.heads import regression
from tests.heads import missing

RANDOM = np.random.default_rng(0)
VALUES = RANDOM.normal(size=(6, 3)).astype("float32")
LABELS = RANDOM.normal(size=(6, 3)).astype("float32")


def test_single_values_of_a_row_may_be_missing():
    head = regression(3)
    labels = LABELS.copy()
    labels[[0, 1, 2, 2, 2], [1, 0, 0, 1, 2]] = np.nan
    error = labels.astype("float64") - VALUES
    value, gradient = missing.mean_and_gradient(head.loss, labels, VALUES)
    rows = np.delete(error, 2, axis=0)
    assert value == pytest.approx(np.nanmean(rows**2, axis=1).mean(), rel=1e-5)
    assert ((gradient != 0) == ~np.isnan(labels)).all()
    assert missing.scores(head.loss, head.metrics, labels, VALUES) == {
        "mae": pytest.approx(np.nanmean(np.abs(error)), rel=1e-5)
    }


def test_one_unit_takes_labels_without_an_axis():
    head = regression(loss=keras.losses.MeanAbsoluteError())
    labels = np.array([1.0, np.nan, 3.0, 0.5, np.nan, -1.0], "float32")
    error = np.abs(labels - VALUES[:, 0])
    assert missing.mean_and_gradient(head.loss, labels, VALUES[:, :1])[0] == pytest.approx(
        np.nanmean(error), rel=1e-5
    )


def test_what_is_not_labelled_counts_for_nothing():
    head = regression(3)
    missing.check_nothing_labelled(head.loss, LABELS, VALUES)
    missing.check_fillers_cannot_leak(head.loss, LABELS, VALUES, [np.nan, np.inf, 1e30])


def test_the_layer_bears_the_name_of_the_task():
    values = regression(2, name="angles")(keras.Input((5,)))
    assert values.shape == (None, 2)
    assert values._keras_history.operation.name == "angles"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": 0}, "`units` must be a whole number >= 1. Received: units=0"),
        ({"loss": "mean"}, "Task 'angle': unknown loss. Received: loss='mean'"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        regression(name="angle", **options)
