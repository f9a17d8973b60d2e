"""What every text branch promises."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras import text
from mtl_keras.trunks import Trunk

WORDS = 12
BRANCHES = {
    "bag_of_words": lambda: text.bag_of_words(WORDS, pairs=5, normalize=True),
    "embedding_branch": lambda: text.embedding_branch(WORDS, width=3),
    "recurrent": lambda: text.recurrent(WORDS, width=3, units=2, bidirectional=False),
    "text_cnn": lambda: text.text_cnn(WORDS, width=3, filters=2, kernel_sizes=(2, 3)),
    "transformer": lambda: text.transformer(WORDS, width=4, depth=1, heads=2, max_length=20),
}
VARIANTS = BRANCHES | {
    "both_ways": lambda: text.recurrent(WORDS, width=3, units=2, cell="lstm", pooling="last"),
}
TOKENS = st.lists(st.integers(1, WORDS - 1), min_size=1, max_size=6)
every_branch = pytest.mark.parametrize("name", BRANCHES)
every_variant = pytest.mark.parametrize("name", VARIANTS)


@pytest.fixture(scope="module")
def models():
    """A function that returns the model of a branch, with weights large enough to matter."""
    made = {}

    def model(name):
        if name not in made:
            keras.utils.set_random_seed(0)
            x = keras.Input((None,), dtype="int32")
            made[name] = keras.Model(x, VARIANTS[name]()(x))
            for variable in made[name].trainable_variables:
                variable.assign(keras.random.normal(variable.shape))
        return made[name]

    return model


def padded(rows, length=None):
    length = length or max(map(len, rows))
    return np.array([row + [0] * (length - len(row)) for row in rows], "int32")


def test_the_suite_knows_every_branch():
    builders = [name for name in text.__all__ if isinstance(getattr(text, name), type)]
    branches = {name for name in builders if issubclass(getattr(text, name), Trunk)}
    assert branches - {"TextBranch"} == set(BRANCHES)


@every_variant
@settings(max_examples=8, deadline=None)
@given(row=TOKENS, others=st.lists(TOKENS, max_size=3), padding=st.integers(0, 5))
def test_neither_padding_nor_the_other_rows_have_an_influence(models, name, row, others, padding):
    model, rows = models(name), [*others, row]
    together = model(padded(rows, max(map(len, rows)) + padding))
    np.testing.assert_allclose(together[-1], model(padded([row]))[0], atol=2e-5)


@every_variant
def test_an_empty_text_gives_zeros_and_finite_gradients(models, name):
    model, tokens = models(name), padded([[3, 4], []])
    with tf.GradientTape() as tape:
        found = model(tokens)
        total = tf.reduce_sum(found**2)
    gradients = tape.gradient(total, [v.value for v in model.trainable_variables])
    assert found[0].numpy().any()
    assert not found[1].numpy().any()
    assert all(np.isfinite(tf.convert_to_tensor(g)).all() for g in gradients)


@every_variant
def test_compiled_by_xla_and_in_half_precision_the_answers_are_the_same(models, name):
    model, tokens = models(name), padded([[3, 4, 5, 1], [6], []])
    wanted = model(tokens).numpy()
    found = tf.function(model, jit_compile=True)(tokens)
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        x = keras.Input((None,), dtype="int32")
        half = keras.Model(x, VARIANTS[name]()(x))
    finally:
        keras.config.set_dtype_policy(policy)
    half.set_weights(model.get_weights())
    np.testing.assert_allclose(half(tokens), wanted, atol=0.05)


@every_branch
def test_two_inputs_share_everything(name):
    branch = BRANCHES[name]()
    x, y = keras.Input((4,), dtype="int32"), keras.Input((9,), dtype="int32")
    one = keras.Model(x, branch(x))
    both = keras.Model([x, y], [branch(x), branch(y)])
    assert len(both.variables) == len(one.variables)
    ids = padded([[3, 4, 5, 6]])
    first, second = both([ids, padded([[3, 4, 5, 6]], 9)])
    np.testing.assert_allclose(first, second, atol=1e-6)


@every_branch
def test_a_model_trains_is_saved_and_loaded(name, tmp_path):
    x = keras.Input((6,), dtype="int32")
    model = keras.Model(x, keras.layers.Dense(3)(BRANCHES[name]()(x)))
    model.compile("adam", "mse", run_eagerly=True)
    before = [v.numpy() for v in model.trainable_variables]
    tokens = padded([[3, 4, 5], [6, 7, 8, 9, 1], []], 6)
    model.train_on_batch(tokens, np.eye(3, dtype="float32"))
    # The last row is empty: what is learned from it is the bias.
    assert all((v.numpy() != old).any() for v, old in zip(model.trainable_variables, before))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(tokens), model(tokens), atol=1e-6)


@pytest.mark.parametrize("name", sorted(set(BRANCHES) - {"bag_of_words"}))
def test_word_vectors_are_where_it_starts_from(name):
    vectors = np.random.default_rng(0).normal(size=(7, 4)).astype("float32")
    x = keras.Input((5,), dtype="int32")
    model = keras.Model(x, getattr(text, name)(7, width=4, vectors=vectors)(x))
    np.testing.assert_array_equal(model.get_layer(f"{name}_vectors").embeddings, vectors)
    with pytest.raises(ValueError, match=r"shape .* = \(8, 4\)\. Received: .* shape \(7, 4\)"):
        getattr(text, name)(8, width=4, vectors=vectors)
