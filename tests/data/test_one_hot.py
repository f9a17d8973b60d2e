import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.data import OneHot


def test_class_numbers_of_rows_and_pixels():
    labels = {
        "kind": np.array([2, -1, 0], "int32"),
        "parts": np.array([[[0, 1], [-1, 1]]] * 3, "int32"),
        "size": np.array([1.0, np.nan, 3.0], "float32"),
    }
    weights = {"kind": np.ones(3, "float32")}
    dataset = tf.data.Dataset.from_tensors(({"x": np.zeros(3)}, labels, weights))
    _, found, kept = next(iter(dataset.map(OneHot({"kind": 3, "parts": 2, "size": 2}))))
    np.testing.assert_array_equal(found["kind"], [[0, 0, 1], [np.nan] * 3, [1, 0, 0]])
    pixels = [[[1, 0], [0, 1]], [[np.nan] * 2, [0, 1]]]
    np.testing.assert_array_equal(found["parts"], [pixels] * 3)
    np.testing.assert_array_equal(found["size"], labels["size"])
    assert list(kept) == ["kind"]


@pytest.mark.parametrize("label", [-2, 3])
def test_labels_outside_the_classes(label):
    dataset = tf.data.Dataset.from_tensors(({}, {"kind": np.array([0, label])}))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"labels must be in 0\.\.2 or -1"):
        next(iter(dataset.map(OneHot({"kind": 3}))))


@pytest.mark.parametrize("number", [1, 2.5, "ten"])
def test_a_wrong_number_of_classes(number):
    with pytest.raises(ValueError, match=r"whole numbers >= 2\. Received: classes\['kind'\]"):
        OneHot({"kind": number})


def test_a_task_without_labels():
    dataset = tf.data.Dataset.from_tensors(({}, {"kind": np.array([0, 1])}))
    with pytest.raises(ValueError, match="Unknown task in `classes`: 'kinds'"):
        dataset.map(OneHot({"kinds": 3}))
