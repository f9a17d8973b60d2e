import keras
import numpy as np
import pytest

from mtl_keras.text import MaskedAverage, embedding_branch


def branch(**options):
    keras.utils.set_random_seed(0)
    x = keras.Input((None,), dtype="int32")
    return keras.Model(x, embedding_branch(20, **{"width": 5, **options})(x))


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_features_are_the_mean_of_the_words_that_are_there(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = branch()
    finally:
        keras.config.set_dtype_policy(before)
    ids = np.array([[3, 4, 4, 0, 0], [1, 0, 0, 0, 0], [0, 7, 0, 9, 0]])
    vectors = model.get_layer("embedding_branch_vectors").embeddings.numpy()
    wanted = [vectors[row[row != 0]].mean(0) for row in ids]
    found = model.predict(ids, verbose=0)
    np.testing.assert_allclose(found, wanted, rtol=1e-5 if policy == "float32" else 3e-3, atol=1e-4)


def test_padding_has_no_influence():
    model = branch()
    ids = np.array([[3, 4, 5]])
    for padding in (1, 7):
        longer = np.pad(ids, ((0, 0), (0, padding)))
        np.testing.assert_array_equal(model(longer), model(ids))


def test_an_empty_text_is_finite_and_trains():
    import tensorflow as tf

    model = branch()
    with tf.GradientTape() as tape:
        found = model(np.zeros((2, 4), "int32"))
        total = tf.reduce_sum(found)
    gradient = tf.convert_to_tensor(tape.gradient(total, model.trainable_variables[0].value))
    assert not found.numpy().any()
    assert not gradient.numpy().any()


def test_two_inputs_share_the_vectors():
    trunk = embedding_branch(20, width=5)
    x, y = keras.Input((4,), dtype="int32"), keras.Input((9,), dtype="int32")
    model = keras.Model([x, y], [trunk(x), trunk(y)])
    assert len(model.trainable_variables) == 1
    assert trunk(x) is trunk(x)


def test_dropout_may_be_left_out():
    assert any(isinstance(layer, keras.layers.Dropout) for layer in branch().layers)
    assert not any(isinstance(layer, keras.layers.Dropout) for layer in branch(dropout=0).layers)


def test_the_layer_says_its_shape_and_comes_back():
    layer = MaskedAverage()
    assert layer.compute_output_shape([(None, 4, 7), (None, 4)]) == (None, 7)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert isinstance(again, MaskedAverage)
