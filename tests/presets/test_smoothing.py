"""Smoothed losses, against Keras' own on one-hot labels."""

import hypothesis
import keras
import numpy as np
import pytest
from hypothesis import strategies as st

from mtl_keras import losses as task_losses
from mtl_keras.presets import SmoothedCrossentropy, smooth


@hypothesis.settings(max_examples=20, deadline=None)
@hypothesis.given(st.floats(0, 0.9), st.integers(2, 6), st.integers(0, 100))
def test_class_numbers_give_what_one_hot_labels_give(smoothing, classes, seed):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, 5)
    logits = generator.normal(size=(5, classes)).astype("float32") * 3
    one_hot = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    expected = one_hot(np.eye(classes, dtype="float32")[labels], logits)
    found = SmoothedCrossentropy(smoothing)(labels, logits)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_it_is_known_as_a_loss_of_class_numbers_and_saved():
    loss = SmoothedCrossentropy(0.2)
    assert task_losses.kind(loss) == "sparse"
    assert task_losses.from_logits(loss)
    config = keras.saving.serialize_keras_object(loss)
    assert keras.saving.deserialize_keras_object(config).get_config() == loss.get_config()


def test_losses_of_data():
    losses = {
        "digits": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "match": keras.losses.BinaryCrossentropy(from_logits=True),
    }
    assert smooth(losses, 0) == losses
    smoothed = smooth(losses, 0.1)
    assert smoothed["digits"].smoothing == 0.1
    assert smoothed["match"].get_config()["label_smoothing"] == 0.1


def test_the_range_is_checked():
    with pytest.raises(ValueError, match="smoothing=1"):
        SmoothedCrossentropy(1)
