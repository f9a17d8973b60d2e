import keras
import numpy as np
import pytest

from mtl_keras.heads import binary
from tests.heads import missing

HEAD = binary(name="match")
LOGITS = np.random.default_rng(0).normal(size=(6, 1)).astype("float32")
LABELS = np.array([0, 1, 1, 0, 1, 0], "int32")


@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_loss_and_accuracy_over_labelled_rows(dtype):
    labels = LABELS.astype(dtype)
    labels[[0, 4]] = -1 if dtype == "int32" else np.nan
    kept = [1, 2, 3, 5]
    logits, truth = LOGITS[kept, 0].astype("float64"), LABELS[kept]
    value, gradient = missing.mean_and_gradient(HEAD.loss, labels, LOGITS)
    assert value == pytest.approx(np.mean(np.log1p(np.exp(logits)) - truth * logits), rel=1e-5)
    assert not gradient[[0, 4]].any()
    assert missing.scores(HEAD.loss, HEAD.metrics, labels, LOGITS) == {
        "accuracy": pytest.approx(((logits > 0) == truth).mean())
    }


def test_what_is_not_labelled_counts_for_nothing():
    missing.check_nothing_labelled(HEAD.loss, LABELS, LOGITS)
    missing.check_fillers_cannot_leak(HEAD.loss, LABELS, LOGITS, [-7, 99])
    fillers = [np.nan, np.inf, 1e30]
    missing.check_fillers_cannot_leak(HEAD.loss, LABELS.astype("float32"), LOGITS, fillers)


def test_the_layer_bears_the_name_of_the_task():
    logit = HEAD(keras.Input((5,)))
    assert logit.shape == (None, 1)
    assert logit._keras_history.operation.name == "match"
