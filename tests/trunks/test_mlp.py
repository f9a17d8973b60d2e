import keras
import numpy as np
import pytest

from mtl_keras.trunks import mlp


def test_it_is_two_matrix_products():
    x = keras.Input((5, 4, 2))
    model = keras.Model(x, mlp(units=(6, 3), input_size=(5, 4))(x))
    w1, b1, w2, b2 = (v.numpy() for v in model.weights)
    pixels = np.random.default_rng(0).normal(size=(7, 5, 4, 2)).astype("float32")
    hidden = np.maximum(pixels.reshape(7, 40) @ w1 + b1, 0)
    np.testing.assert_allclose(model(pixels), np.maximum(hidden @ w2 + b2, 0), atol=1e-5)


def test_every_layer_is_a_stage():
    assert [len(mlp(units=units).stages()) for units in ((3,), (3, 4, 5))] == [1, 3]


def test_no_layer_at_all():
    with pytest.raises(ValueError, match=r"`units` must hold one width or more.*Received: \(\)"):
        mlp(units=())
