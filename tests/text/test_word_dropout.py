import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.text import WordDropout


def test_replaces_words_in_training_only_and_never_padding():
    tokens = np.tile(np.array([[5, 6, 7, 0]], "int32"), (2000, 1))
    layer = WordDropout(0.3, seed=1)
    assert layer(tokens).numpy().tolist() == tokens.tolist()
    found = layer(tokens, training=True).numpy()
    assert found.dtype == np.int32
    assert not found[:, 3].any()
    replaced = found[:, :3] == 1
    np.testing.assert_array_equal(found[:, :3][~replaced], tokens[:, :3][~replaced])
    assert abs(replaced.mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / 6000)


def test_draws_anew_each_time_and_the_same_from_one_seed():
    tokens = np.full((50, 10), 9)
    layer, twin = WordDropout(0.5, seed=3), WordDropout(0.5, seed=3)
    first, second = (layer(tokens, training=True).numpy() for _ in range(2))
    assert (first != second).any()
    np.testing.assert_array_equal(first, twin(tokens, training=True))
    compiled = tf.function(lambda ids: layer(ids, training=True), jit_compile=True)
    assert abs((compiled(tokens).numpy() == 1).mean() - 0.5) < 0.1


def test_in_a_model_it_keeps_the_ids_and_comes_back():
    x = keras.Input((None,), dtype="int32")
    model = keras.Model(x, WordDropout(0.2, seed=5)(x))
    assert model.output.dtype == "int32"
    again = keras.Model.from_config(model.get_config()).layers[-1]
    assert (again.rate, again.seed) == (0.2, 5)


def test_bad_input():
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\)\. Received: rate=1"):
        WordDropout(1)
