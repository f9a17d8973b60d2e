"""Data that do not fit, found before or at the first batch, with a message that names them."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from toy_tasks import LOSSES, arrays, build, dataset

import mtl_keras as mtl
from mtl_keras import checks

INPUTS, LABELS = arrays(16)


@pytest.fixture(scope="module")
def model():
    made = build()
    made.compile("sgd", LOSSES, run_eagerly=True)
    return made


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (lambda: dataset().take(0), "The data set is empty: it has no batch"),
        (lambda: dataset(batch=64, remainder=False), "Is it smaller than a batch?"),
        (lambda: dataset(INPUTS), r"must give \(inputs, labels\) or"),
        (lambda: dataset().map(lambda x, y: x), r"must give \(inputs, labels\)"),
        (
            lambda: dataset({"x": INPUTS["x"]}, LABELS),
            "Input 'z' is not in the data, which have: x",
        ),
        (
            lambda: dataset(INPUTS, {**LABELS, "zetta": LABELS["zeta"]}),
            "Unknown task in the labels 'zetta'. Did you mean 'zeta'?",
        ),
        (
            lambda: dataset(INPUTS, LABELS, {"alfa": np.ones(16)}),
            "Unknown task in the sample weights 'alfa'. Did you mean 'alpha'?",
        ),
        (
            lambda: dataset(INPUTS, {**LABELS, "mid": np.full(16, "a")}),
            "Task 'mid': labels must be integers or floats. Received: dtype string",
        ),
        (lambda: dataset(INPUTS, LABELS["zeta"]), "Labels must be a dict task -> labels"),
        (
            lambda: dataset(INPUTS, tuple(LABELS.values())),
            "Labels must be a dict .* Received: tuple",
        ),
    ],
)
def test_data_sets(model, data, message):
    with pytest.raises(ValueError, match=message):
        model.fit(data(), verbose=0)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ({"x": INPUTS["x"]}, LABELS, "Input 'z' is not in the data"),
        (INPUTS, {**LABELS, "zetta": LABELS["zeta"]}, "Unknown task in the labels 'zetta'"),
        (INPUTS, LABELS["zeta"], "Labels must be a dict task -> labels"),
        (INPUTS, {**LABELS, "zeta": LABELS["mid"]}, "Task 'zeta': labels must be class numbers"),
        (INPUTS, {**LABELS, "mid": LABELS["zeta"]}, "Task 'mid': labels must be the shape of"),
        ({**INPUTS, "z": INPUTS["x"]}, LABELS, "(?s)expected shape=.*4.*found shape=.*6"),
    ],
)
@pytest.mark.parametrize("call", ["fit", "evaluate"])
def test_arrays(model, call, x, y, message):
    with pytest.raises(ValueError, match=message):
        getattr(model, call)(x, y, verbose=0)


def test_empty_arrays(model):
    nothing = {name: array[:0] for name, array in INPUTS.items()}
    with pytest.raises(ValueError, match="empty"):
        model.fit(nothing, {task: labels[:0] for task, labels in LABELS.items()}, verbose=0)


def test_a_data_set_that_turns_out_to_be_empty(model):
    nothing = dataset().filter(lambda x, y: tf.reduce_sum(x["x"]) > 1e9)
    with pytest.raises(ValueError, match="empty"):
        model.fit(nothing, verbose=0)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="graph"),
        pytest.param({"run_eagerly": True}, id="eager", marks=pytest.mark.full),
        pytest.param({"jit_compile": True, "weighting": "equal"}, id="xla"),
    ],
)
@pytest.mark.parametrize("call", ["fit", "evaluate"])
def test_a_label_outside_the_classes_names_its_task(call, options):
    x = keras.Input((6,), name="x")
    model = mtl.MultiTaskModel(x, {"few": keras.layers.Dense(3)(x)})
    model.compile("sgd", LOSSES["zeta"], **options)
    before = model.get_weights()
    labels = np.array([0, 1, 2, 3], "int32")
    with pytest.raises(ValueError, match=r"^Task 'few': labels must be in 0..2 .* from 0 to 3$"):
        getattr(model, call)(INPUTS["x"][:4], labels, verbose=0)
    assert all(map(np.array_equal, model.get_weights(), before))


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({"zetta": {0: 2.0}}, "Unknown task in class_weight 'zetta'. Did you mean 'zeta'?"),
        ({"zeta": {3: 2.0}}, "task 'zeta' has classes 0..2.*Received: {3: 2.0}"),
        ({"zeta": {0: -2.0}}, "finite and not negative"),
        ({"alpha": {2: 2.0}}, "task 'alpha' has classes 0..1"),
        ({"mid": {0: 2.0}}, "for a task with one class number for each row"),
        ({"zeta": [1.0, 2.0, 3.0]}, "must be {task: {class: weight}}"),
    ],
)
def test_class_weights(model, class_weight, message):
    with pytest.raises(ValueError, match=message):
        model.fit(dataset(), class_weight=class_weight, verbose=0)


def test_class_weights_of_several_labels_are_refused():
    loss = {"tags": keras.losses.BinaryCrossentropy(from_logits=True)}
    with pytest.raises(ValueError, match="one class number for each row"):
        checks.class_weights({"tags": {1: 2.0}}, loss, {"tags": np.zeros((1, 4))})


def test_a_class_left_out_weighs_one():
    found = checks.class_weights({"zeta": {1: 3}}, LOSSES, {"zeta": np.zeros((1, 3))})
    assert found == {"zeta": [1.0, 3.0, 1.0]}


def test_a_data_set_that_never_has_a_task(model):
    """`None` in a tf.data element, and a key that is not there, are the same as all missing."""
    logs = []
    for labels in ({**LABELS, "zeta": np.full(16, -1)}, {k: LABELS[k] for k in ("alpha", "mid")}):
        logs.append(model.evaluate(INPUTS, labels, verbose=0, return_dict=True))
    with_none = dataset(INPUTS, LABELS).map(lambda x, y: (x, {**y, "zeta": None}))
    logs.append(model.evaluate(with_none, verbose=0, return_dict=True))
    for found in logs[1:]:
        assert found == pytest.approx(logs[0], rel=1e-5, nan_ok=True)
    assert np.isnan(logs[0]["zeta_loss"])
    model.fit(with_none, verbose=0)
