"""Tasks that are computed from the batches of some data."""

import numpy as np
import pytest
import tensorflow as tf

import mtl_keras as mtl
from mtl_keras.experiments.derived import Derived, classes, known, picture


@pytest.fixture(scope="module")
def data():
    base = mtl.data.load(digit="sample/digits", topics="sample/headlines", batch_size=100)
    odd = classes("digit", lambda x, y: known(y["digit"], y["digit"] % 2), ["even", "odd"])
    made = {"digit": None, "odd": odd, "copy": picture("digit", "digit_image"), "topics": None}
    return Derived(base, made)


def test_labels_are_computed_from_the_rows_they_stand_beside(data):
    x, y = next(iter(data.train))
    np.testing.assert_array_equal(y["odd"], y["digit"] % 2)
    np.testing.assert_array_equal(y["copy"], x["digit_image"])


def test_filled_up_rows_are_missing_in_every_task(data):
    rows = list(data.test)  # 360 digits, 400 headlines
    digit, odd, copy = (np.concatenate([y[t] for _, y in rows]) for t in ("digit", "odd", "copy"))
    np.testing.assert_array_equal(odd == -1, digit == -1)
    np.testing.assert_array_equal(np.isnan(copy).all(axis=(1, 2, 3)), digit == -1)
    assert (digit == -1).sum() == 40


def test_only_shows_the_rows_that_the_whole_shows(data):
    (x, y), (x_only, y_only) = (next(iter(d.train)) for d in (data, data.only("odd")))
    assert list(y_only) == ["odd"]
    assert list(x_only) == ["digit_image"]
    np.testing.assert_array_equal(x["digit_image"], x_only["digit_image"])
    np.testing.assert_array_equal(y["odd"], y_only["odd"])
    assert sum((y["odd"].numpy() != -1).sum() for _, y in data.only("odd").test) == 360


def test_what_is_known_of_the_tasks(data):
    assert data.tasks == ["digit", "odd", "copy", "topics"]
    assert data.outputs == {"digit": 10, "odd": 1, "topics": 4}
    assert data.examples["copy"]["test"] == 360
    assert data.sources["odd"] == "sample/digits"
    assert data.class_names["odd"] == ["even", "odd"]
    assert list(data.only("copy").inputs()) == ["digit_image"]
    assert data.raw("odd")[1].shape == (360,)


def test_inputs_can_be_changed(data):
    base = mtl.data.load(digit="sample/digits", batch_size=10)
    small = Derived(base, {"digit": None}, lambda x, y: {"half": x["digit_image"][:, ::2, ::2]})
    assert small.inputs()["half"].shape == (None, 14, 14, 1)


def test_training_batches_can_be_others():
    base = mtl.data.load(digit="sample/digits", batch_size=10)
    made = Derived(base, {"digit": None}, train=(base.validation, 143))
    assert made.examples["digit"]["train"] == 143
    np.testing.assert_array_equal(
        next(iter(made.train))[1]["digit"], next(iter(base.validation))[1]["digit"]
    )


def test_known_keeps_the_type():
    assert known(tf.constant([1, -1]), tf.constant([5, 5])).numpy().tolist() == [5, -1]
    floats = known(tf.constant([1, -1]), tf.constant([[0.5], [0.5]])).numpy()
    assert floats[0] == 0.5
    assert np.isnan(floats[1])
