import keras
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mtl_keras.heads import multi_label
from tests.heads import missing

HEAD = multi_label(4, name="emotions")
RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(size=(6, 4)).astype("float32")
LABELS = RANDOM.integers(0, 2, (6, 4))
HOLES = RANDOM.random((6, 4)) < 0.3
HOLES[3] = True


@pytest.mark.parametrize(("dtype", "filler"), [("int32", -1), ("float32", np.nan)])
def test_single_labels_of_a_row_may_be_missing(dtype, filler):
    labels = LABELS.astype(dtype)
    labels[HOLES] = filler
    logits = np.where(HOLES, np.nan, LOGITS).astype("float64")
    terms = np.delete(np.log1p(np.exp(logits)) - LABELS * logits, 3, axis=0)
    value, gradient = missing.mean_and_gradient(HEAD.loss, labels, LOGITS)
    assert value == pytest.approx(np.nanmean(terms, axis=1).mean(), rel=1e-5)
    assert ((gradient != 0) == ~HOLES).all()
    seen = ~HOLES
    found = missing.scores(HEAD.loss, HEAD.metrics, labels, LOGITS)
    assert found["accuracy"] == pytest.approx(((LOGITS > 0) == LABELS)[seen].mean())
    # Keras sums over 200 thresholds.
    assert found["auc"] == pytest.approx(roc_auc_score(LABELS[seen], LOGITS[seen]), abs=0.02)
    assert next(iter(found)) == "auc"


def test_what_is_not_labelled_counts_for_nothing():
    missing.check_nothing_labelled(HEAD.loss, LABELS, LOGITS)
    fillers = [np.nan, np.inf, 1e30]
    missing.check_fillers_cannot_leak(HEAD.loss, LABELS.astype("float32"), LOGITS, fillers)


def test_the_layer_bears_the_name_of_the_task():
    logits = HEAD(keras.Input((5,)))
    assert logits.shape == (None, 4)
    assert logits._keras_history.operation.name == "emotions"


def test_a_wrong_number_of_labels():
    with pytest.raises(ValueError, match="`labels` must be a whole number >= 1"):
        multi_label(0)
