import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.architectures import Mask, mtan

from . import toy

EPSILON = 1e-3


def normalise(x):
    """Batch normalisation as it begins, in inference."""
    return x / np.sqrt(1 + EPSILON)


def affine(model, name):
    layer = model.get_layer(f"mtan_{name}")
    return lambda x: x @ layer.kernel.numpy() + layer.bias.numpy()


def test_the_paper_s_equations_over_vectors():
    model = toy.features(mtan(lambda name: toy.dense(name, 2), toy.TASKS), shapes=[(3,)])
    random = np.random.default_rng(0)
    for variable in model.trainable_variables:
        if not variable.path.endswith(("gamma", "beta")):
            variable.assign(random.normal(size=variable.shape))
    x = random.normal(size=(5, 3)).astype("float32")
    p1 = x @ model.get_layer("mtan_trunk_stage1").kernel.numpy()
    p2 = p1 @ model.get_layer("mtan_trunk_stage2").kernel.numpy()
    found = model({"x": x})
    for task in toy.TASKS:
        attended = None
        for number, p in ((1, p1), (2, p2)):
            seen = p
            if attended is not None:
                f = np.maximum(normalise(affine(model, f"f{number}")(attended)), 0)
                seen = np.concatenate([p, f], axis=1)
            g = np.maximum(normalise(affine(model, f"{task}_g{number}")(seen)), 0)
            h = normalise(affine(model, f"{task}_h{number}")(g))
            attended = p / (1 + np.exp(-h))
        np.testing.assert_allclose(found[task], attended, rtol=0, atol=1e-5)


def set_masks(model, beta):
    """Makes every mask sigmoid(beta)."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization) and "_h" in layer.name:
            layer.gamma.assign(np.zeros(layer.gamma.shape))
            layer.beta.assign(np.full(layer.beta.shape, beta))


def test_open_masks_are_hard_sharing():
    architecture = toy.make("mtan")
    model = toy.features(architecture)
    set_masks(model, 100.0)
    hard = keras.Model(model.input, architecture.trunk("trunk")(model.input["x"]))
    x = toy.pictures(model)
    for y in model(x).values():
        np.testing.assert_array_equal(y, hard(x))


def test_closed_masks_let_nothing_through():
    model = toy.features(toy.make("mtan"))
    set_masks(model, -200.0)
    assert not any(np.any(y) for y in model(toy.pictures(model)).values())


def test_parameters():
    """The formula of the docstring, for stages of 3 and 5 channels."""
    found = toy.features(toy.make("mtan")).count_params()
    attention = sum(c_in * c + c + c * c + c + 8 * c for c, c_in in ((3, 3), (5, 10)))
    assert found == (30 + 20) + 2 * attention + (9 * 3 * 5 + 5 + 2 * 4 * 5)


def test_batch_normalisation_is_private():
    model = toy.model("mtan", "each")
    inputs = toy.pictures(model)
    statistics = {v.path: v for v in model.non_trainable_variables if "moving" in v.path}
    before = {path: v.numpy() for path, v in statistics.items()}
    model({**inputs, "alpha_x": 100 * inputs["alpha_x"]}, training=True)
    first = {path: v.numpy() for path, v in statistics.items()}
    for path, v in statistics.items():
        v.assign(before[path])
    model(inputs, training=True)
    for path, v in statistics.items():
        assert np.array_equal(v, first[path]) == ("zeta" in path), path


class Odd(toy.tiny):
    """A trunk whose second stage is no whole part of the first: 6 x 6, then 4 x 4 places."""

    def _first(self, x):
        return self.shared("first", keras.layers.Conv2D, 3, 1)(x)

    def _second(self, x):
        return self.shared("second", keras.layers.Conv2D, 5, 3)(x)


def test_stages_of_any_size():
    model = toy.features(toy.make("mtan", Odd), shapes=[(6, 6, 1)])
    assert model(toy.pictures(model))["alpha"].shape == (4, 4, 4, 5)
    with pytest.raises(ValueError, match="pictures of known size"):
        toy.make("mtan", Odd)(keras.Input((None, None, 1)))


def test_tokens_become_a_vector():
    class Tokens(toy.tiny):
        def _first(self, x):
            return self.shared("first", keras.layers.Dense, 3)(x)

        def _second(self, x):
            return self.shared("second", keras.layers.GlobalAveragePooling1D)(x)

    model = toy.features(toy.make("mtan", Tokens), shapes=[(7, 2)])
    assert model(toy.pictures(model))["alpha"].shape == (4, 3)


def test_mean_masks():
    mask = Mask(["a"], ["0", "1"])
    logits = np.random.default_rng(0).normal(size=(3, 4, 5, 2)).astype("float32")
    wanted = (1 / (1 + np.exp(-logits))).mean(axis=(0, 1, 2))
    np.testing.assert_allclose(mask.mixing(logits), wanted[None], rtol=1e-5)
    found = tf.function(mask, jit_compile=True)([logits, 2 * np.ones_like(logits)])
    np.testing.assert_allclose(found, 2 / (1 + np.exp(-logits)), rtol=1e-5)
