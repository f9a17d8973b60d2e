import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl_keras import losses

SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
BINARY = keras.losses.BinaryCrossentropy(from_logits=True)
MSE = keras.losses.MeanSquaredError()
ROWS = np.random.default_rng(0)


def masked_mean(loss, labels, outputs, weights=None):
    """The loss and its gradient at the outputs."""
    outputs = tf.Variable(outputs)
    with tf.GradientTape() as tape:
        labels, mask, kept = losses.prepare("task", loss, labels, outputs, weights)
        total, weight = losses.masked_sum(loss, labels, mask, kept, outputs)
        mean = tf.math.divide_no_nan(total, weight)
    return float(mean), tape.gradient(mean, outputs).numpy()


def plain_mean(loss, labels, outputs):
    """What Keras gives for these rows."""
    outputs = tf.Variable(outputs)
    with tf.GradientTape() as tape:
        value = loss(labels, outputs)
    return float(value), tape.gradient(value, outputs).numpy()


LOGITS = ROWS.normal(size=(6, 4)).astype("float32")
CASES = {
    "sparse": (SPARSE, np.array([0, 1, 2, 3, 1, 0], "int32"), LOGITS, -1),
    "sparse column": (SPARSE, np.array([[0], [1], [2], [3], [1], [0]]), LOGITS, -1),
    "sparse floats": (SPARSE, np.array([0, 1, 2, 3, 1, 0], "float32"), LOGITS, np.nan),
    "binary": (BINARY, np.array([0, 1, 1, 0, 1, 0], "int32"), LOGITS[:, :1], -1),
    "binary floats": (BINARY, np.array([0, 1, 1, 0, 0.3, 0], "float32"), LOGITS[:, :1], np.nan),
    "regression": (MSE, ROWS.normal(size=(6, 1)).astype("float32"), LOGITS[:, :1], np.nan),
    "one hot": (
        keras.losses.CategoricalCrossentropy(from_logits=True),
        np.eye(4, dtype="float32")[[0, 1, 2, 3, 1, 0]],
        LOGITS,
        np.nan,
    ),
    "cosine": (
        keras.losses.CosineSimilarity(),
        ROWS.normal(size=(6, 4)).astype("float32"),
        LOGITS,
        np.nan,
    ),
    "function": (
        losses.get_loss("task", lambda y_true, y_pred: (y_true - y_pred) ** 2),
        ROWS.normal(size=(6, 4)).astype("float32"),
        LOGITS,
        np.nan,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_rows_without_label_are_as_if_they_were_not_there(case):
    loss, labels, outputs, missing = CASES[case]
    kept = np.array([0, 2, 5])
    value, gradient = plain_mean(loss, labels[kept], outputs[kept])
    holes = labels.copy()
    holes[[1, 3, 4]] = missing
    found, at_outputs = masked_mean(loss, holes, outputs)
    assert found == pytest.approx(value, rel=1e-6)
    np.testing.assert_allclose(at_outputs[kept], gradient, rtol=1e-5, atol=1e-8)
    assert not at_outputs[[1, 3, 4]].any()


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("case", ["sparse", "binary floats", "regression", "one hot"])
def test_what_stands_in_a_masked_place_cannot_leak(case, jit):
    loss, labels, outputs, _ = CASES[case]
    weights = np.array([1, 0, 1, 0, 0, 1], "float32")
    fillers = [-7, 99] if labels.dtype.kind == "i" else [np.nan, np.inf, -np.inf, 1e30]
    found = []
    function = tf.function(
        lambda labels: gradient_of(loss, labels, outputs, weights), jit_compile=jit
    )
    for filler in fillers:
        poisoned = labels.copy()
        poisoned[weights == 0] = filler
        found.append(function(poisoned))
    for value, gradient in found:
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()
        np.testing.assert_array_equal(value, found[0][0])
        np.testing.assert_array_equal(gradient, found[0][1])


def gradient_of(loss, labels, outputs, weights):
    outputs = tf.constant(outputs)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        prepared = losses.prepare("task", loss, labels, outputs, weights)
        total, weight = losses.masked_sum(loss, *prepared, outputs)
        mean = total / weight
    return mean, tape.gradient(mean, outputs)


def test_sample_weights_give_the_weighted_mean():
    loss, labels, outputs, _ = CASES["sparse"]
    weights = np.array([2.0, 0.5, 0, 3, 1, 0], "float32")
    rows = [float(loss(labels[i : i + 1], outputs[i : i + 1])) for i in range(6)]
    assert masked_mean(loss, labels, outputs, weights)[0] == pytest.approx(
        np.average(rows, weights=weights), rel=1e-6
    )


def test_single_entries_of_a_row_may_be_missing():
    labels = np.array([[1, 0, np.nan], [np.nan, np.nan, 1], [np.nan] * 3, [1, 1, 0]], "float32")
    outputs = ROWS.normal(size=(4, 3)).astype("float32")
    entries = np.log1p(np.exp(outputs)) - labels * outputs
    value, gradient = masked_mean(BINARY, labels, outputs)
    assert value == pytest.approx(np.nanmean(np.nanmean(entries[[0, 1, 3]], axis=1)), rel=1e-5)
    assert ((gradient != 0) == ~np.isnan(labels)).all()


def test_all_rows_missing_gives_zero_and_no_gradient():
    for case, (loss, labels, outputs, missing) in CASES.items():
        value, gradient = masked_mean(loss, np.full_like(labels, missing), outputs)
        assert value == 0, case
        assert not gradient.any(), case


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int64"])
def test_labels_of_any_whole_type(dtype):
    labels = np.array([0, 1, 1, 0, 1, 0])
    wanted = plain_mean(BINARY, labels[:, None].astype("float32"), LOGITS[:, :1])
    value, gradient = masked_mean(BINARY, labels.astype(dtype), LOGITS[:, :1])
    assert value == pytest.approx(wanted[0], rel=1e-6)
    np.testing.assert_allclose(gradient, wanted[1], rtol=1e-6)


def test_label_255_of_bytes_is_no_missing_label():
    outputs = ROWS.normal(size=(3, 256)).astype("float32")
    labels = np.array([255, 0, 7], "uint8")
    assert masked_mean(SPARSE, labels, outputs)[0] == pytest.approx(
        plain_mean(SPARSE, labels, outputs)[0], rel=1e-6
    )


def test_maps_of_labels():
    labels = ROWS.integers(0, 3, (2, 4, 5))
    outputs = ROWS.normal(size=(2, 4, 5, 3)).astype("float32")
    rows = -np.take_along_axis(tf.nn.log_softmax(outputs).numpy(), labels[..., None], -1)[..., 0]
    holes = labels.copy()
    holes[0, :2] = -1
    assert masked_mean(SPARSE, holes, outputs)[0] == pytest.approx(
        rows[holes >= 0].mean(), rel=1e-5
    )
    by_class = losses.weigh_classes([1.0, 2.0, 4.0], tf.constant(labels), tf.constant([1.0, 0.5]))
    wanted = np.array([1.0, 2.0, 4.0])[labels] * np.array([1, 0.5])[:, None, None]
    np.testing.assert_allclose(by_class, wanted)


@pytest.mark.parametrize(
    ("loss", "labels", "outputs", "message"),
    [
        (SPARSE, [0, 4, 1], (3, 4), "Task 'task': labels must be in 0..3"),
        (SPARSE, [0, -2, 1], (3, 4), "labels must be in 0..3 or -1"),
        (BINARY, [0, 2, 1], (3, 1), "labels must be in 0..1 or -1"),
        (BINARY, [0.0, -1.0, 1.0], (3, 1), "labels must be in 0..1 or NaN"),
        (SPARSE, [[0, 1, 2]] * 3, (3, 4), "class numbers of shape"),
        (MSE, [1.0, 2.0, 3.0], (3, 4), "the shape of the output"),
        (MSE, np.zeros((3, 5), "float32"), (3, 4), r"Received: labels of shape \(3, 5\)"),
        (SPARSE, ["a", "b", "c"], (3, 4), "labels must be integers or floats. Received: dtype str"),
    ],
)
def test_labels_that_do_not_fit(loss, labels, outputs, message):
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=message):
        masked_mean(loss, np.array(labels), np.zeros(outputs, "float32"))


def test_sample_weights_that_do_not_fit():
    with pytest.raises(ValueError, match=r"'task': sample weights must have shape \(batch,\)"):
        masked_mean(MSE, LOGITS, LOGITS, np.ones((6, 4), "float32"))


def test_a_loss_of_one_number_is_refused():
    loss = losses.get_loss("task", lambda y_true, y_pred: tf.reduce_mean(y_true - y_pred))
    with pytest.raises(ValueError, match="must give one value for each row"):
        masked_mean(loss, LOGITS, LOGITS)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        ("crossentropie", "Task 'digits': unknown loss. Received: loss='crossentropie'"),
        (keras.losses.MeanSquaredError(reduction="none"), "must reduce over the batch"),
    ],
)
def test_losses_that_do_not_fit(loss, message):
    with pytest.raises(ValueError, match=message):
        losses.get_loss("digits", loss)


def test_a_function_comes_back_from_its_config():
    loss = losses.get_loss("task", keras.losses.mean_absolute_error)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert float(again(LOGITS, LOGITS + 2)) == pytest.approx(2)


def test_what_a_loss_is_for():
    kinds = [losses.kind(loss) for loss in (BINARY, SPARSE, CASES["one hot"][0], MSE)]
    assert kinds == ["binary", "sparse", "categorical", "other"]
    assert losses.from_logits(SPARSE)
    assert not losses.from_logits(keras.losses.BinaryCrossentropy())
