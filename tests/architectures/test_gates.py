import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.architectures import Mixture, mmoe
from mtl_keras.text import embedding_branch

from . import toy


def test_under_xla_and_for_feature_maps():
    random = np.random.default_rng(0)
    x = random.normal(size=(3, 4)).astype("float32")
    parts = random.normal(size=(2, 3, 5, 6, 7)).astype("float32")
    mixture = Mixture(["a"], ["1", "2"])
    mixture.build([x.shape, *(p.shape for p in parts)])
    found = tf.function(mixture, jit_compile=True)([x, *parts])
    scores = np.exp(x @ mixture.kernel.numpy())
    gate = scores / scores.sum(axis=1, keepdims=True)
    wanted = np.einsum("bi,ibhwc->bhwc", gate, parts)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)
    np.testing.assert_allclose(mixture.mixing(x), gate.mean(axis=0)[None], rtol=1e-5)


def test_gates_see_pictures_averaged_over_cells():
    """A gate of pictures of 28 x 28 sees 64 numbers, each the mean of its pixels."""
    x = keras.Input((24, 24, 1))
    architecture = mmoe(toy.tiny, ["a"])
    model = keras.Model(x, architecture.gate_input(x))
    value = np.random.default_rng(0).random((2, 24, 24, 1), np.float32)
    wanted = value.reshape(2, 8, 3, 8, 3).mean(axis=(2, 4)).reshape(2, 64)
    np.testing.assert_allclose(model(value), wanted, rtol=0, atol=1e-6)


def test_gates_of_inputs_of_other_sizes_are_one_where_the_channels_agree():
    model = toy.model("ple", "each", shapes=((6, 6, 1), (9, 7, 1)))
    assert model.get_layer("ple_gates_level_1_shared_64").kernel.shape == (64, 3)
    assert [v.path for v in model.variables if "level_1_shared" in v.path] == [
        "ple_gates_level_1_shared_64/kernel"
    ]


@pytest.mark.parametrize("name", ["mmoe", "cgc", "dselect_k"])
def test_token_ids_need_a_gate_and_take_one(name):
    options = {"per_example": True} if name == "dselect_k" else {}
    x = keras.Input((6,), dtype="int32")

    def make(name):
        return embedding_branch(20, width=4, dropout=0, name=name)

    with pytest.raises(ValueError, match=r"`gate` is needed.*dtype int32"):
        toy.make(name, make, **options)(x)
    gate = embedding_branch(20, width=3, dropout=0, name="gate")
    features = toy.make(name, make, gate=gate, **options)(x)
    model = keras.Model(x, features)
    assert model(np.array([[2, 3, 0, 0, 0, 0]]))["alpha"].shape == (1, 4)
    assert model.get_layer("gate_vectors").count_params() == 60


def test_pictures_of_unknown_size_need_a_gate():
    with pytest.raises(ValueError, match=r"`gate` is needed.*\(None, None, None, 3\)"):
        toy.make("mmoe")(keras.Input((None, None, 3)))
