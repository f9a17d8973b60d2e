import keras
import numpy as np

from mtl_keras.text import text_cnn


def test_parameters_of_the_paper():
    """Sizes 3, 4, 5 with 100 filters over vectors of size 300, two classes: 360,902."""
    x = keras.Input((56,), dtype="int32")
    model = keras.Model(x, keras.layers.Dense(2)(text_cnn(10, width=300)(x)))
    assert model.count_params() - 10 * 300 == 360_902


def test_windows_around_words_by_hand():
    x = keras.Input((None,), dtype="int32")
    model = keras.Model(x, text_cnn(9, width=4, filters=5, kernel_sizes=(3,), dropout=0)(x))
    kernel, bias = model.get_layer("text_cnn_conv3").get_weights()
    bias = np.linspace(-1, 1, 5).astype("float32")
    model.get_layer("text_cnn_conv3").set_weights([kernel, bias])
    vectors = model.get_layer("text_cnn_vectors").get_weights()[0]
    words = [3, 8, 1, 5]
    rows = np.pad(vectors[words], ((1, 1), (0, 0)))
    windows = [np.einsum("kw,kwf->f", rows[i : i + 3], kernel) + bias for i in range(len(words))]
    wanted = np.maximum(np.max(windows, axis=0), 0)
    found = model(np.array([[*words, 0, 0, 0]]))
    np.testing.assert_allclose(found[0], wanted, atol=1e-6)


def test_one_kernel_size_and_dropout():
    x = keras.Input((8,), dtype="int32")
    model = keras.Model(x, text_cnn(9, kernel_sizes=[2], dropout=0.3)(x))
    assert not any(isinstance(layer, keras.layers.Concatenate) for layer in model.layers)
    assert model.layers[-1].rate == 0.3
