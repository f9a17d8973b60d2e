import numpy as np
import pytest

from mtl_keras.data.samples import digits


def test_it_is_the_set_of_scikit_learn(sample):
    datasets = pytest.importorskip("sklearn.datasets")
    images, labels = datasets.load_digits(return_X_y=True)
    images = digits.enlarge(images.reshape(-1, 8, 8).astype("uint8"))
    expected = sorted((int(y), x.tobytes()) for x, y in zip(images, labels))
    parts = [sample("digits")[part] for part in ("train", "test")]
    ours = [(int(y), x.tobytes()) for i, t in parts for x, y in zip(i["image"], t["label"])]
    assert sorted(ours) == expected


def test_each_digit_as_often_in_the_test_part(sample):
    _, labels = sample("digits")["test"]
    assert np.bincount(labels["label"]).tolist() == [36] * 10


def test_enlarging_is_bilinear():
    import tensorflow as tf

    images = np.random.default_rng(0).integers(0, 17, (20, 8, 8)).astype("uint8")
    expected = tf.image.resize(images[..., None] * (255 / 16), (28, 28))[..., 0]
    np.testing.assert_allclose(digits.enlarge(images), expected, atol=0.501)
