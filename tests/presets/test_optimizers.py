"""Optimizers and their schedules, against closed forms."""

import math

import keras
import numpy as np
import pytest

from mtl_keras.presets import OPTIMIZERS, SCHEDULES, OneCycle, optimizer


def test_one_cycle_is_a_triangle():
    rate = OneCycle(2.0, steps=100, warmup=0.2)
    found = [float(rate(step)) for step in range(100)]
    corners = ([0, 20, 100], [0, 2, 0])
    np.testing.assert_allclose(found, np.interp(np.arange(100) + 0.5, *corners), rtol=1e-5)
    assert float(rate(100)) == 0.0 == float(rate(1000))


def test_one_cycle_is_saved():
    rate = OneCycle(2.0, steps=100, warmup=0.3)
    config = keras.saving.serialize_keras_object(rate)
    assert keras.saving.deserialize_keras_object(config).get_config() == rate.get_config()
    with pytest.raises(ValueError, match="warmup=1"):
        OneCycle(1.0, 10, warmup=1)


def test_cosine_rises_and_falls():
    made = optimizer("sgd", steps=100, learning_rate=0.5, schedule="cosine")
    made.build([keras.Variable([1.0])])
    found = []
    for step in (0, 5, 52.5, 100):
        made.iterations.assign(int(step))
        found.append(float(made.learning_rate))
    expected = [0.0, 0.5, 0.25 * (1 + math.cos(math.pi * 47 / 95)), 0.0]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weight_decay_shrinks_kernels_only(name):
    x = keras.Input((4,), dtype="int32")
    h = keras.layers.Embedding(8, 4)(x)
    h = keras.layers.LayerNormalization()(keras.layers.Flatten()(h))
    model = keras.Model(x, keras.layers.Dense(2, bias_initializer="ones")(h))
    made = optimizer(name, steps=10, learning_rate=0.1, schedule="constant", weight_decay=0.5)
    before = [w.numpy() for w in model.trainable_weights]
    made.build(model.trainable_weights)
    made.apply([keras.ops.zeros_like(w) for w in model.trainable_weights])
    for variable, old in zip(model.trainable_weights, before):
        factor = 0.95 if variable.name == "kernel" else 1.0
        np.testing.assert_allclose(variable.numpy(), factor * old, rtol=1e-6)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_pair_is_saved(name, schedule):
    made = optimizer(name, steps=10, schedule=schedule)
    config = keras.saving.serialize_keras_object(made)
    assert keras.saving.deserialize_keras_object(config).get_config() == made.get_config()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "admw"}, "Unknown optimizer 'admw'. Did you mean 'adamw'"),
        ({"schedule": "cosin"}, "Did you mean 'cosine'"),
        ({"steps": 0}, "`steps` must be >= 1"),
        ({"learning_rate": 0.0}, "`learning_rate` must be > 0"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        optimizer(**{"steps": 10, **arguments})
