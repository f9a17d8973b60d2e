"""Unequal classes, over-sampling and class weights."""

import numpy as np
import pytest

import mtl_keras as mtl
from mtl_keras.experiments.imbalance import class_weights, imbalanced


@pytest.fixture(scope="module")
def data():
    return mtl.data.load(digits="sample/digits", batch_size=16)


def counts(batches):
    return np.bincount(np.concatenate([y["digits"] for _, y in batches]), minlength=10)


def test_classes_have_geometrically_less_rows(data):
    batches, rows = imbalanced(data, "digits", 0.1)
    found = counts(batches)
    assert rows - 16 < found.sum() <= rows
    _, labels = data.raw("digits", "train")
    expected = np.bincount(labels) * 0.1 ** (np.arange(10) / 9)
    assert np.abs(found - expected).max() <= 16  # a last batch that is not full is left out


def test_over_sampling_makes_them_equal_with_the_same_rows(data):
    few, rows = imbalanced(data, "digits", 0.1)
    even, same_rows = imbalanced(data, "digits", 0.1, oversample=True)
    assert rows == same_rows
    found = counts(even)
    assert found.max() - found.min() <= 16
    pictures = [
        {p.tobytes() for x, y in batches for p in x["digits_image"].numpy()[y["digits"] == 9]}
        for batches in (few, even)
    ]
    assert len(pictures[1]) <= len(pictures[0]) + 16


def test_weights_undo_the_numbers(data):
    weights = class_weights(data, "digits", 0.1)
    products = [weights[digit] * 0.1 ** (digit / 9) for digit in range(10)]
    np.testing.assert_allclose(products, products[0])
    assert np.mean(list(weights.values())) == pytest.approx(1)
