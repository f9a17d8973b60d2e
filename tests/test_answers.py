"""Which kind of answer an output gives."""

import keras
import pytest

import mtl_keras as mtl
from mtl_keras.answers import Answer

BINARY = keras.losses.BinaryCrossentropy
SPARSE = keras.losses.SparseCategoricalCrossentropy


class OwnLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return y_pred


@pytest.mark.parametrize(
    ("outputs", "loss", "names", "compiled", "wanted"),
    [
        (1, None, None, False, ("binary", True)),
        (3, None, None, False, ("single", True)),
        (3, None, None, True, ("value", False)),
        (3, None, ["a", "b", "c"], True, ("single", True)),
        (1, BINARY(from_logits=True), None, True, ("binary", True)),
        (1, BINARY(), None, True, ("binary", False)),
        (1, BINARY(), ["only"], True, ("multi_label", False)),
        (2, BINARY(from_logits=True), ["a", "b"], True, ("multi_label", True)),
        (2, SPARSE(from_logits=True), ["a", "b"], True, ("single", True)),
        (3, keras.losses.CategoricalCrossentropy(), None, True, ("single", False)),
        (1, keras.losses.MeanSquaredError(), None, True, ("value", False)),
        (4, keras.losses.Huber(), None, True, ("value", False)),
        (2, OwnLoss(), ["a", "b"], True, ("single", True)),
        (1, OwnLoss(), ["a", "b"], True, ("binary", True)),
        (2, OwnLoss(), None, True, ("value", False)),
    ],
)
def test_kind_of_answer(outputs, loss, names, compiled, wanted):
    answer = Answer.of("t", keras.KerasTensor((None, outputs)), loss, names, compiled)
    assert (answer.kind, answer.from_logits) == wanted


def test_class_names_that_do_not_fit_are_refused(tmp_path):
    x = keras.Input((4, 4, 1), name="x")
    logits = keras.layers.Dense(3)(keras.layers.Flatten()(x))
    model = mtl.MultiTaskModel(x, {"t": logits}, class_names={"t": ["a", "b"]})
    with pytest.raises(
        ValueError, match=r"Task 't': `class_names` must name 3 classes\. Received 2"
    ):
        model.export(tmp_path / "x")
