import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import mtl_keras as mtl
from mtl_keras.fusion import Part, optional
from mtl_keras.fusion.absence import InPlace, Present, PresentRows, absent_value, optional_inputs

NAN = float("nan")


def pictures(rows=8):
    return np.random.default_rng(0).random((rows, 8, 8, 1), np.float32)


def model_of():
    """A small trunk with batch normalisation over features of eight channels."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    trunk = [
        layers.Conv2D(4, 3, strides=2),
        layers.BatchNormalization(momentum=0.5),
        layers.ReLU(),
        layers.Conv2D(8, 3),
        layers.BatchNormalization(momentum=0.5),
        layers.GlobalAveragePooling2D(),
    ]
    x = keras.Input((8, 8, 1), name="x")
    return keras.Model(x, optional(keras.Sequential(trunk), x).features)


# ----------------------------------------------------------- who is there


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([[NAN, NAN], [NAN, 1.0], [0.0, 0.0]], [False, True, True]),
        ([[0, 0], [0, 3], [1, 1]], [False, True, True]),
        ([[""], [" "], ["a"]], [False, True, True]),
    ],
)
def test_a_row_of_absent_values_is_absent(rows, wanted):
    x = tf.constant(rows)
    assert Present()(x).numpy().tolist() == wanted
    absent = tf.fill((2, 3), tf.constant(absent_value(x.dtype), x.dtype))
    assert not Present()(absent).numpy().any()


def test_integers_that_are_no_tokens_are_refused():
    with pytest.raises(ValueError, match=r"must hold floats.*Received: uint8 of shape"):
        optional(mtl.trunks.conv_trunk(2), keras.Input((8, 8, 1), dtype="uint8", name="x"))


# --------------------------------------------- nobody else notices an absence


@settings(max_examples=50, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=9))
def test_present_rows_come_back_to_their_places(present):
    x = np.arange(1.0, 2 * len(present) + 1, dtype="float32").reshape(-1, 2)
    mask = np.array(present)
    raw = np.where(mask[:, None], x, np.nan).astype("float32")
    rows = PresentRows()([raw, mask])
    assert rows.shape[0] == max(mask.sum(), 1)
    assert np.isfinite(rows).all()
    np.testing.assert_array_equal(InPlace()([rows, mask]), np.where(mask[:, None], x, 0))


def step(model, x, target, weight, jit):
    @tf.function(jit_compile=jit)
    def run(x, target, weight):
        with tf.GradientTape() as tape:
            error = tf.reduce_sum((model(x, training=True) - target) ** 2, axis=1)
            loss = tf.reduce_sum(weight * error)
        return loss, tape.gradient(loss, model.trainable_variables)

    loss, gradients = run(x, tf.cast(target, tf.float32), tf.cast(weight, tf.float32))
    return [loss.numpy(), *(g.numpy() for g in gradients), *(v.numpy() for v in model.variables)]


@pytest.mark.parametrize("jit", [False, True])
def test_loss_gradients_and_moving_statistics_are_those_of_the_present_rows(jit):
    there = np.array([1, 0, 0, 1, 1, 1, 0, 1], bool)
    x, target = pictures(), np.random.default_rng(1).normal(size=(8, 8))
    raw = np.where(there[:, None, None, None], x, np.nan).astype("float32")
    found = step(model_of(), raw, target, there, jit)
    wanted = step(model_of(), x[there], target[there], np.ones(5), jit)
    assert any(np.abs(value).max() > 1 for value in wanted)
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_a_batch_without_any_picture():
    model, x = model_of(), np.full((3, 8, 8, 1), np.nan, "float32")
    target, weight = np.zeros((3, 8)), np.ones(3)
    found = step(model, x, target, weight, jit=False)
    assert all(np.isfinite(value).all() for value in found)
    np.testing.assert_array_equal(model(x), np.zeros((3, 8)))


def test_a_branch_of_texts():
    ids = keras.Input((4,), dtype="int32", name="ids")
    part = optional(mtl.text.embedding_branch(9, width=3, dropout=0.0), ids)
    plain = keras.Model(ids, part.features)
    found = plain(np.array([[1, 2, 0, 0], [0, 0, 0, 0], [5, 0, 0, 0]])).numpy()
    assert (found[1] == 0).all()
    (vectors,) = (v.numpy() for v in plain.trainable_variables)
    np.testing.assert_allclose(found[[0, 2]], [vectors[1:3].mean(0), vectors[5]], rtol=1e-6)


def test_a_branch_that_reads_strings():
    x = keras.Input((1,), dtype="string", name="x")
    words = keras.layers.TextVectorization(vocabulary=["dog"], output_sequence_length=2)
    hot = keras.layers.CategoryEncoding(3, output_mode="multi_hot")
    model = keras.Model(x, optional(lambda text: hot(words(text)), x).features)
    found = model(tf.constant([["a dog"], [""]])).numpy()
    np.testing.assert_array_equal(found, [[0, 1, 1], [0, 0, 0]])


def test_masks_of_tokens_go_along():
    ids = keras.Input((3,), dtype="int32", name="ids")
    part = optional(keras.layers.Embedding(9, 2, mask_zero=True), ids)
    mean = keras.layers.GlobalAveragePooling1D()(part.features)
    model = keras.Model(ids, [part.features, mean])
    each, mean = model(np.array([[0, 0, 0], [4, 0, 0]]))
    np.testing.assert_array_equal(mean, [[0, 0], each[1, 0]])


def test_half_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = model_of()
    finally:
        keras.config.set_dtype_policy("float32")
    x = pictures(4)
    x[1] = np.nan
    found = model(x)
    assert found.dtype == tf.bfloat16
    assert np.isfinite(np.float32(found)).all()
    assert (np.float32(found[1]) == 0).all()


def test_saves_and_loads(tmp_path):
    model, x = model_of(), pictures(4)
    x[2] = np.nan
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(x), model(x))


# ------------------------------------------------------- who can do without


def test_an_input_that_something_else_reads_is_needed():
    x, y = keras.Input((4,), name="x"), keras.Input((4,), name="y")
    part = optional(keras.layers.Dense(4), x)
    both = keras.layers.Add()([part.features, y])
    assert isinstance(part, Part)
    assert optional_inputs(part.features, {"x": x}) == ["x"]
    assert optional_inputs(both, {"x": x, "y": y}) == ["x"]
    assert optional_inputs(keras.layers.Add()([both, x]), {"x": x, "y": y}) == []
