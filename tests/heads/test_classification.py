import keras
import numpy as np
import pytest
from scipy.special import log_softmax

from mtl_keras.heads import classification
from tests.heads import missing

HEAD = classification(3, name="kind")
RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(size=(6, 3)).astype("float32")
LABELS = np.array([0, 2, 1, 1, 0, 2], "int32")


def test_loss_and_accuracy_over_labelled_rows():
    labels = LABELS.copy()
    labels[[1, 4]] = -1
    seen = labels >= 0
    terms = -log_softmax(LOGITS.astype("float64"), axis=1)[np.arange(6), labels]
    value, gradient = missing.mean_and_gradient(HEAD.loss, labels, LOGITS)
    assert value == pytest.approx(terms[seen].mean(), rel=1e-5)
    assert not gradient[~seen].any()
    assert missing.scores(HEAD.loss, HEAD.metrics, labels, LOGITS) == {
        "accuracy": pytest.approx((LOGITS.argmax(1) == labels)[seen].mean())
    }


def test_what_is_not_labelled_counts_for_nothing():
    missing.check_nothing_labelled(HEAD.loss, LABELS, LOGITS)
    missing.check_fillers_cannot_leak(HEAD.loss, LABELS, LOGITS, [-7, 99])


def test_the_layer_bears_the_name_of_the_task():
    logits = HEAD(keras.Input((5,)))
    assert logits.shape == (None, 3)
    assert logits._keras_history.operation.name == "kind"


@pytest.mark.parametrize("classes", [1, 2.5, "ten", True])
def test_a_wrong_number_of_classes(classes):
    with pytest.raises(ValueError, match=f"`classes` must be a whole number >= 2.*{classes!r}"):
        classification(classes)
