import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.fusion import StandIn


@pytest.mark.parametrize("shape", [(4, 3), (4, 2, 3), (4, 2, 2, 3)])
def test_every_place_of_an_absent_row_gets_the_vector(shape):
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    present = np.array([True, False, True, False])
    layer = StandIn()
    layer.build([shape, (4,)])
    layer.vector.assign([1.0, 2.0, 3.0])
    found = layer([x, present]).numpy()
    np.testing.assert_array_equal(found[present], x[present])
    np.testing.assert_array_equal(found[~present], np.broadcast_to([1, 2, 3], (2, *shape[1:])))


def test_only_absent_rows_teach_it_and_it_only_them():
    layer, x = StandIn(), tf.random.normal((3, 2))
    present = tf.constant([True, False, False])
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(layer([x, present]))
    features, vector = tape.gradient(total, [x, layer.vector.value])
    np.testing.assert_array_equal(vector, [2, 2])
    np.testing.assert_array_equal(features, [[1, 1], [0, 0], [0, 0]])


def test_masks_pass():
    ids = keras.Input((3,), dtype="int32")
    vectors = keras.layers.Embedding(5, 2, mask_zero=True)(ids)
    present = keras.Input((), dtype="bool")
    mean = keras.layers.GlobalAveragePooling1D()(StandIn()([vectors, present]))
    model = keras.Model([ids, present], [vectors, mean])
    each, mean = model([np.array([[4, 0, 0], [4, 3, 0]]), np.array([True, False])])
    np.testing.assert_array_equal(mean, [each[0, 0], [0, 0]])
