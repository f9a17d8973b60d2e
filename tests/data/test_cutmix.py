import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from mtl_keras.data import CutMix

SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
LOSSES = {
    "kind": keras.losses.CategoricalCrossentropy(from_logits=True),
    "parts": SPARSE,
    "depth": "mse",
}


def cut(rows=40, height=9, width=7, alpha=1.0, seed=0):
    """Returns inputs and labels; every pixel of a picture is the number of its row."""
    numbers = np.arange(rows)
    picture = np.tile(numbers[:, None, None, None], (1, height, width, 2)).astype("float32")
    parts = picture[..., 0].astype("int32")
    parts[:, 0, 0] = -1
    depth = np.where(parts < 0, np.nan, picture[..., 0])[..., None].astype("float32")
    labels = {"kind": np.eye(rows, dtype="float32"), "parts": parts, "depth": depth}
    dataset = tf.data.Dataset.from_tensors(({"image": picture}, labels))
    mix = CutMix({task: ["image"] for task in LOSSES}, LOSSES, alpha=alpha, seed=seed)
    return next(iter(dataset.apply(mix)))


def test_rectangles_their_areas_and_dense_labels():
    inputs, labels = cut()
    image = inputs["image"].numpy()
    assert (image[..., 0] == image[..., 1]).all()
    for row, picture in enumerate(image[..., 0].astype(int)):
        other = picture != row
        down, across = other.any(axis=1), other.any(axis=0)
        np.testing.assert_array_equal(other, down[:, None] & across[None, :])
        for side in (down, across):  # in one piece
            assert np.abs(np.diff(side.astype(int))).sum() <= 2
        assert len(np.unique(picture[other])) <= 1
        share = np.bincount(picture.ravel(), minlength=40) / picture.size
        np.testing.assert_allclose(labels["kind"][row], share, atol=1e-6)
        expected = picture.copy()
        expected[0, 0] = -1
        np.testing.assert_array_equal(labels["parts"][row], expected)
        expected = np.where(expected < 0, np.nan, expected)
        np.testing.assert_array_equal(labels["depth"][row, ..., 0], expected)


def paper(rows, size, alpha, random):
    """Areas of the paper's rectangles: Algorithm A1, `rand_bbox` of its code."""
    share = random.beta(alpha, alpha, rows)
    half = (size * np.sqrt(1 - share)).astype(int) // 2
    centres = random.integers(0, size, (2, rows))
    low, high = np.clip(centres - half, 0, size), np.clip(centres + half, 0, size)
    return np.prod(high - low, axis=0) / size**2


@pytest.mark.parametrize("alpha", [0.5, 1.0])
def test_areas_are_those_of_the_paper(alpha):
    inputs, _ = cut(rows=2000, height=32, width=32, alpha=alpha)
    numbers = np.arange(2000)[:, None, None]
    # A row that is its own partner shows no rectangle: one in 2000.
    found = (inputs["image"].numpy()[..., 0] != numbers).mean(axis=(1, 2))
    expected = paper(20000, 32, alpha, np.random.default_rng(0))
    assert scipy.stats.ks_2samp(found, expected).pvalue > 1e-3


@pytest.mark.parametrize(
    ("loss", "labels", "message"),
    [
        (SPARSE, np.array([0, 1]), r"CutMix gives shares of two classes.*OneHot\(\{'task'"),
        ("mse", np.zeros((2, 3), "float32"), "CutMix cannot say what the value of a cut picture"),
        (SPARSE, np.zeros((2, 2, 2), int), r"same height and width, \(4, 4\).*\(2, 2, 2\)"),
    ],
)
def test_labels_that_cannot_be_cut(loss, labels, message):
    dataset = tf.data.Dataset.from_tensors(({"image": np.zeros((2, 4, 4, 1))}, {"task": labels}))
    with pytest.raises(ValueError, match=message):
        dataset.apply(CutMix({"task": ["image"]}, {"task": loss}))
