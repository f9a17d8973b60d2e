import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn import metrics as sklearn_metrics

from mtl_keras import losses, metrics

SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
BINARY = keras.losses.BinaryCrossentropy(from_logits=True)
ROWS = np.random.default_rng(0)


def count(metric, loss, labels, outputs, outputs_size=None, weights=None):
    """Updates a metric twice, as a task board does, and returns its result."""
    _, found = metrics.get_metric("task", metric, loss, outputs_size or outputs.shape[-1])
    for half in (slice(0, 4), slice(4, None)):
        part = None if weights is None else weights[half]
        labels_, mask, weights_ = losses.prepare("task", loss, labels[half], outputs[half], part)
        metrics.update_metric(found, labels_, mask, weights_, tf.constant(outputs[half]))
    return np.asarray(found.result())


LABELS = np.array([0, 1, -1, 1, 0, -1, 1, 1, 0])
LOGITS = ROWS.normal(size=(9, 1)).astype("float32")
SEEN = LABELS >= 0


@pytest.mark.parametrize("name", ["accuracy", "acc", "binary_accuracy", "BinaryAccuracy"])
def test_binary_accuracy_by_name_is_at_logit_zero(name):
    wanted = ((LOGITS[:, 0] > 0) == LABELS)[SEEN].mean()
    assert count(name, BINARY, LABELS, LOGITS) == pytest.approx(wanted)
    assert metrics.get_metric("task", name, BINARY, 1)[0] == name


def test_binary_metrics_by_name_know_the_logits():
    labels, logits = LABELS[SEEN], LOGITS[SEEN, 0]
    crossentropy = np.mean(np.log1p(np.exp(logits)) - labels * logits)
    for name in ("crossentropy", "binary_crossentropy"):
        assert count(name, BINARY, LABELS, LOGITS) == pytest.approx(crossentropy, rel=1e-5)
    auc = sklearn_metrics.roc_auc_score(labels, logits)
    assert count("auc", BINARY, LABELS, LOGITS) == pytest.approx(auc, abs=0.02)
    for name in ("precision", "recall"):
        wanted = getattr(sklearn_metrics, f"{name}_score")(labels, logits > 0)
        assert count(name, BINARY, LABELS, LOGITS) == pytest.approx(wanted)


def test_without_logits_a_name_is_what_keras_makes_of_it():
    loss = keras.losses.BinaryCrossentropy()
    found = [metrics.get_metric("t", name, loss, 1)[1] for name in ("accuracy", "precision")]
    assert found[0].threshold == 0.5
    assert found[1].thresholds == [0.5]


def test_sparse_categories():
    labels = np.array([0, 2, -1, 1, 2, 2, -1, 0, 1])
    logits = ROWS.normal(size=(9, 3)).astype("float32")
    seen = labels >= 0
    right = (logits.argmax(1) == labels)[seen].mean()
    assert count("accuracy", SPARSE, labels, logits) == pytest.approx(right)
    picked = -tf.nn.log_softmax(logits).numpy()[np.arange(9), labels][seen].mean()
    for name in ("crossentropy", "sparse_categorical_crossentropy"):
        assert count(name, SPARSE, labels, logits) == pytest.approx(picked, rel=1e-5)
    weights = np.array([1, 2, 5, 0, 1, 1, 3, 0.5, 1], "float32")
    both = seen & (weights > 0)
    wanted = np.average((logits.argmax(1) == labels)[both], weights=weights[both])
    assert count("accuracy", SPARSE, labels, logits, weights=weights) == pytest.approx(wanted)


def test_single_missing_entries_of_several_labels():
    labels = ROWS.integers(0, 2, (9, 4)).astype("float32")
    labels[ROWS.random((9, 4)) < 0.3] = np.nan
    logits = ROWS.normal(size=(9, 4)).astype("float32")
    seen = ~np.isnan(labels)
    wanted = ((logits > 0) == labels)[seen].mean()
    assert count("accuracy", BINARY, labels, logits, 1) == pytest.approx(wanted)
    mse = keras.losses.MeanSquaredError()
    error = (logits - labels) ** 2
    assert count("mse", mse, labels, logits) == pytest.approx(np.nanmean(error), rel=1e-5)


def test_metrics_of_whole_rows_leave_out_rows_with_a_missing_entry():
    labels = np.eye(3, dtype="float32")[[0, 1, 2, 0, 1, 2, 0, 1, 2]]
    labels[[1, 5], 0] = np.nan
    outputs = ROWS.normal(size=(9, 3)).astype("float32")
    kept = np.delete(np.arange(9), [1, 5])
    loss = keras.losses.MeanSquaredError()
    right = (outputs.argmax(1) == np.nan_to_num(labels).argmax(1))[kept].mean()
    assert count("categorical_accuracy", loss, labels, outputs) == pytest.approx(right)
    cosine = keras.losses.cosine_similarity(labels[kept], outputs[kept])
    found = count("cosine_similarity", loss, labels, outputs)
    assert found == pytest.approx(-np.mean(cosine), rel=1e-5)


def test_a_metric_object_gets_what_keras_would_give_it():
    metric = keras.metrics.BinaryAccuracy(threshold=0.9, name="mine")
    name, found = metrics.get_metric("task", metric, BINARY, 1)
    assert (name, found) == ("mine", metric)
    wanted = ((LOGITS[:, 0] > 0.9) == LABELS)[SEEN].mean()
    assert count(metric, BINARY, LABELS, LOGITS) == pytest.approx(wanted)


def test_a_function_is_averaged_over_labelled_rows():
    def error(y_true, y_pred):
        return tf.abs(tf.cast(y_true, tf.float32) - y_pred)[:, 0]

    assert metrics.get_metric("task", error, BINARY, 1)[0] == "error"
    wanted = np.abs(LABELS - LOGITS[:, 0])[SEEN].mean()
    assert count(error, BINARY, LABELS, LOGITS) == pytest.approx(wanted, rel=1e-5)


def test_an_unknown_metric():
    with pytest.raises(
        ValueError, match=r"Task 'task': unknown metric. Received: metric='accurcy'"
    ):
        metrics.get_metric("task", "accurcy", BINARY, 1)
