import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.trunks import mlp


def test_other_sizes_are_resized_bilinearly():
    x = keras.Input((None, None, 1))
    trunk = mlp(units=(2,), input_size=(4, 6))
    model = keras.Model(x, trunk(x))
    picture = np.random.default_rng(0).random((2, 9, 5, 1), np.float32)
    np.testing.assert_allclose(model(picture), model(tf.image.resize(picture, (4, 6))), atol=1e-6)


def test_the_right_size_is_left_alone():
    x = keras.Input((4, 6, 1))
    layers = keras.Model(x, mlp(units=(2,), input_size=(4, 6))(x)).layers
    assert not any(isinstance(layer, keras.layers.Resizing) for layer in layers)


@pytest.mark.parametrize("size", [28, (28,), (28, 0), (28.0, 28), None])
def test_no_size(size):
    with pytest.raises(ValueError, match=r"`input_size` must be \(height, width\)"):
        mlp(input_size=size)
