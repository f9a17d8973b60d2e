import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from mtl_keras import losses
from mtl_keras.data import MixUp

LOSSES = {
    "kind": keras.losses.CategoricalCrossentropy(from_logits=True),
    "odd": keras.losses.BinaryCrossentropy(from_logits=True),
    "place": "mse",
    "depth": "mae",
}


def mixed(alpha=1.0, rows=12, seed=0):
    """Returns inputs and labels of rows whose pictures and labels both tell the row."""
    values = np.random.default_rng(seed).normal(size=rows).astype("float32")
    depth = np.random.default_rng(1).normal(size=(rows, 2, 3)).astype("float32")
    labels = {
        "kind": np.eye(rows, dtype="float32"),
        "odd": np.arange(rows) % 2,
        "place": np.stack([values, 3 * values], axis=1),
        "depth": depth,
    }
    picture = np.tile(values[:, None, None, None], (1, 4, 4, 3))
    dataset = tf.data.Dataset.from_tensors(({"image": picture}, labels))
    inputs = {task: ["image"] for task in LOSSES}
    found = next(iter(dataset.apply(MixUp(inputs, LOSSES, alpha=alpha, seed=seed))))
    return values, labels, *found


def test_labels_are_mixed_as_the_pictures_are():
    values, labels, inputs, found = mixed()
    share = found["kind"].numpy()  # of each row, in every mixture
    np.testing.assert_allclose(share.sum(axis=1), 1, rtol=1e-6)
    assert ((share > 0).sum(axis=1) <= 2).all()
    assert (np.diag(share) > 0).all()
    picture = np.broadcast_to((share @ values)[:, None, None, None], (12, 4, 4, 3))
    np.testing.assert_allclose(inputs["image"], picture, atol=1e-6)
    np.testing.assert_allclose(found["odd"], share @ labels["odd"], atol=1e-6)
    np.testing.assert_allclose(found["place"], share @ labels["place"], atol=1e-6)
    depth = np.einsum("ij,jhw->ihw", share, labels["depth"])
    np.testing.assert_allclose(found["depth"], depth, atol=1e-6)


def test_the_loss_is_the_mixture_of_both_losses():
    _, _, _, found = mixed()
    share = found["kind"].numpy()
    logits = np.random.default_rng(2).normal(size=(12, 12)).astype("float32")
    total, weight = losses.masked_sum(
        LOSSES["kind"],
        *losses.prepare("kind", LOSSES["kind"], share, tf.constant(logits)),
        tf.constant(logits),
    )
    terms = -scipy.special.log_softmax(logits.astype("float64"), axis=1)
    assert float(total / weight) == pytest.approx((share * terms).sum(axis=1).mean(), rel=1e-5)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_shares_are_beta_distributed_and_partners_a_permutation(alpha):
    rows = 2000
    _, _, _, found = mixed(alpha, rows)
    share = found["kind"].numpy()
    own = np.diag(share)
    partnered = share.sum(axis=1) - own > 0
    # Of float32 shares near 0 and 1 many are 0 and 1, which no test of a density would take.
    drawn = own[partnered & (own > 1e-6) & (own < 1 - 1e-6)]
    inner = scipy.stats.beta(alpha, alpha)
    low, high = inner.cdf([1e-6, 1 - 1e-6])
    found = scipy.stats.kstest(drawn, lambda x: (inner.cdf(x) - low) / (high - low))
    assert found.pvalue > 1e-3
    columns = share - np.diag(own)
    assert ((columns > 0).sum(axis=0) <= 1).all()


@pytest.mark.parametrize(
    ("loss", "labels", "message"),
    [
        (
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            np.array([0, 1]),
            r"Task 'kind': MixUp gives shares of two classes.*OneHot\(\{'kind': number of classes",
        ),
        ("mse", np.array([3, 4]), "MixUp mixes values, which must be floats. Received: .*int64"),
    ],
)
def test_labels_that_cannot_be_mixed(loss, labels, message):
    dataset = tf.data.Dataset.from_tensors(({"image": np.zeros((2, 4, 4, 1))}, {"kind": labels}))
    with pytest.raises(ValueError, match=message):
        dataset.apply(MixUp({"kind": ["image"]}, {"kind": loss}))
