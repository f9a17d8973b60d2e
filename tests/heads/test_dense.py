import keras
import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.metrics import jaccard_score

from mtl_keras.heads import dense
from tests.heads import missing

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(size=(4, 5, 6, 3)).astype("float32")
LABELS = RANDOM.integers(0, 3, (4, 5, 6))


def test_single_pixels_may_be_missing():
    head = dense(3, (5, 6))
    labels = np.where(RANDOM.random(LABELS.shape) < 0.3, -1, LABELS)
    labels[2] = -1
    seen = labels >= 0
    terms = -log_softmax(LOGITS.astype("float64"), axis=-1)
    terms = np.take_along_axis(terms, LABELS[..., None], axis=-1)[..., 0]
    value, gradient = missing.mean_and_gradient(head.loss, labels, LOGITS)
    assert value == pytest.approx(terms[seen].mean(), rel=1e-5)
    assert (gradient.any(axis=-1) == seen).all()
    truth, guess = LABELS[seen], LOGITS.argmax(-1)[seen]
    assert missing.scores(head.loss, head.metrics, labels, LOGITS) == {
        "mean_iou": pytest.approx(jaccard_score(truth, guess, average="macro"), rel=1e-5),
        "accuracy": pytest.approx((truth == guess).mean(), rel=1e-5),
    }


def test_what_is_not_labelled_counts_for_nothing():
    head = dense(3, (5, 6))
    missing.check_nothing_labelled(head.loss, LABELS, LOGITS)
    missing.check_fillers_cannot_leak(head.loss, LABELS, LOGITS, [-7, 99])


def test_maps_of_any_size_come_out_at_the_size_of_the_labels():
    x = keras.Input((None, None, 2), name="x")
    model = keras.Model(x, dense(3, (8, 6), name="parts")(x))
    assert model.layers[-1].name == "parts"
    small = RANDOM.normal(size=(2, 4, 3, 2)).astype("float32")
    found = model.predict(small, verbose=0)
    kernel, bias = (v.numpy() for v in model.trainable_variables)
    coarse = small @ kernel[0, 0] + bias
    assert found.shape == (2, 8, 6, 3)
    # Bilinear, pixel centres at one half: the middle lies half between four neighbours.
    np.testing.assert_allclose(found[:, 0, 0], coarse[:, 0, 0], rtol=1e-5)
    quarter = 0.75 * coarse[:, 1] + 0.25 * coarse[:, 2]
    np.testing.assert_allclose(found[:, 3, 0], quarter[:, 0], rtol=1e-4, atol=1e-6)
    assert model.predict(np.zeros((1, 1, 1, 2)), verbose=0).shape == (1, 8, 6, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, (4, 4)), "`classes` must be a whole number >= 2"),
        ((2, 4), r"`size` must be \(height, width\). Received: size=4"),
        ((2, (4, 0)), "`size` must be a whole number >= 1"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        dense(*arguments)


def test_features_without_places_are_refused():
    with pytest.raises(ValueError, match="Head 'parts' must be called on a feature map"):
        dense(3, (4, 4), name="parts")(keras.Input((64,)))
