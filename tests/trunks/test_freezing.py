import keras
import numpy as np
import pytest

import mtl_keras as mtl
from mtl_keras.trunks import freeze, learning_rates, mlp, unfreeze
from mtl_keras.trunks.convolutional import ConvolutionalTrunk

RANDOM = np.random.default_rng(0)
PICTURES, LABELS = RANDOM.random((8, 6, 6, 1), np.float32), {"task": np.arange(8) % 2}


class Tiny(ConvolutionalTrunk):
    def connect(self, x):
        return self.pool(self.convolve(x, 3, "conv"))


def model():
    x = keras.Input((6, 6, 1), name="image")
    outputs = {"task": keras.layers.Dense(2, name="task")(Tiny("avg", "trunk")(x))}
    return mtl.MultiTaskModel(x, outputs)


def step(built, **options):
    """Compiles and trains a step; returns what changed, name of the layer -> the changes."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    built.compile(keras.optimizers.SGD(0.1), loss, run_eagerly=True, **options)
    before = [v.numpy() for v in built.weights]
    built.train_on_batch(PICTURES, LABELS)
    changes = {}
    for variable, old in zip(built.weights, before):
        if np.any(variable.numpy() != old):
            changes.setdefault(variable.path.split("/")[0], []).append(variable.numpy() - old)
    return changes


def test_a_frozen_trunk_stands_still_with_its_statistics():
    built = model()
    freeze(built, "trunk")
    assert list(step(built)) == ["task"]
    unfreeze(built, "trunk")
    changed = step(built)
    assert set(changed) == {"trunk_conv", "trunk_conv_bn", "task"}


def test_a_loaded_model_is_frozen_and_can_be_thawed(tmp_path):
    built = model()
    freeze(built, Tiny("avg", "trunk"))
    built.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert len(again.trainable_variables) == 2
    unfreeze(again, "trunk")
    assert len(again.trainable_variables) == len(model().trainable_variables)


def test_the_trunk_trains_more_slowly_than_the_head():
    full, slow = model(), model()
    slow.set_weights(full.get_weights())
    rates = learning_rates(slow, "trunk", 0.1)
    assert set(rates.values()) == {0.1}
    assert set(rates) == {v.path.split("/")[0] for v in slow.weights} - {"task"}
    fast, slowed = step(full), step(slow, learning_rate_multipliers=rates)
    kernel = "trunk_conv"
    np.testing.assert_allclose(slowed[kernel][0], 0.1 * fast[kernel][0], rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(slowed["task"][0], fast["task"][0], rtol=1e-5)


def test_only_one_of_two_trunks():
    x = keras.Input((6, 6, 1))
    first, second = mlp((2,), (6, 6), name="first"), mlp((3,), (6, 6), name="second")
    built = keras.Model(x, [first(x), second(x)])
    freeze(built, second)
    assert [v.path for v in built.trainable_variables] == ["first_stem1/kernel", "first_stem1/bias"]


def test_a_trunk_that_is_not_there():
    with pytest.raises(ValueError, match=r"no trunk 'vgg'.*Its layers: image, trunk_conv,"):
        freeze(model(), "vgg")
