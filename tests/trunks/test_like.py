import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.trunks.like import CropLike, ResizeLike

RANDOM = np.random.default_rng(0)


def model(layer):
    x, like = keras.Input((None, None, 2)), keras.Input((None, None, 3))
    return keras.Model([x, like], layer([x, like]))


def test_one_map_in_the_size_of_another_known_when_it_runs():
    x, like = RANDOM.random((2, 5, 8, 2), np.float32), np.zeros((2, 7, 3, 3), "float32")
    found = model(ResizeLike()).predict([x, like], verbose=0)
    np.testing.assert_allclose(found, tf.image.resize(x, (7, 3)), atol=1e-6)
    found = model(CropLike()).predict([x, like[:, :4]], verbose=0)
    np.testing.assert_array_equal(found, x[:, :4, :3])


@pytest.mark.parametrize(("policy", "rtol"), [("float32", 1e-5), ("mixed_float16", 1e-2)])
def test_gradients_compiled_by_xla(policy, rtol):
    layer = ResizeLike(dtype=policy)
    x, like = tf.constant(RANDOM.random((2, 3, 4, 2), np.float32)), tf.zeros((2, 7, 6, 1))

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            half = tf.nn.relu(tf.cast(x, layer.compute_dtype))
            value = tf.reduce_sum(layer([half, like]) ** 2)
        return tape.gradient(value, x)

    compiled = tf.function(gradient, jit_compile=True)(x)
    np.testing.assert_allclose(compiled, gradient(x), rtol=rtol)
