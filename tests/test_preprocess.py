import keras
import numpy as np
import pytest

from mtl_keras.preprocess import Preprocess

RAW = np.array(["red dog", "blue dog dog", "green"])


def texts(**options):
    return keras.layers.TextVectorization(**options)


def adapted(layer):
    layer.adapt(["dog dog red", "big dog red blue"])
    return layer


def again(layers):
    """What comes back from the config, by way of JSON's types."""
    return Preprocess.from_config(Preprocess(layers).get_config()).layers


@pytest.mark.parametrize(
    "layer",
    [
        lambda: texts(vocabulary=["dog", "red"], output_sequence_length=3),
        lambda: adapted(texts(output_sequence_length=3)),
        lambda: adapted(texts(max_tokens=4, ngrams=2, output_mode="multi_hot")),
        lambda: adapted(texts(output_mode="count", standardize="lower")),
        lambda: keras.Sequential([adapted(texts(output_sequence_length=2))], name="words"),
    ],
    ids=["vocabulary", "adapted", "multi-hot", "count", "Sequential"],
)
def test_a_vocabulary_comes_back(layer):
    before = layer()
    after = again({"text": before})["text"]
    assert type(after) is type(before)
    assert after.name == before.name
    np.testing.assert_array_equal(after(RAW), before(RAW))


def test_the_order_of_the_inputs_and_one_layer_for_two():
    shared = keras.layers.Rescaling(1 / 255)
    found = again({"b": shared, "c": keras.layers.Resizing(2, 3), "a": shared})
    assert list(found) == ["b", "c", "a"]
    assert found["a"] is found["b"]
    assert found["c"](np.zeros((1, 5, 5, 1))).shape == (1, 2, 3, 1)


def test_a_sequential_without_text_is_left_as_it_is():
    layers = keras.Sequential([keras.layers.Resizing(2, 3), keras.layers.Rescaling(1 / 255)])
    found = again({"picture": layers})["picture"]
    pictures = np.full((1, 4, 6, 3), 255, "uint8")
    np.testing.assert_array_equal(found(pictures), np.ones((1, 2, 3, 3)))


def test_variables_are_those_that_a_file_must_hold():
    normal = keras.layers.Normalization()
    normal.adapt(np.arange(6.0).reshape(3, 2))
    kept = Preprocess({"x": normal, "y": normal, "z": keras.layers.Rescaling(2.0)})
    assert [key for key, _ in kept.variables()] == [
        "preprocess_0_0",
        "preprocess_0_1",
        "preprocess_0_2",
    ]


def test_what_is_no_layer_is_refused():
    with pytest.raises(ValueError, match=r"must hold Keras layers. Received: 'x': <ufunc 'sqrt'>"):
        Preprocess({"x": np.sqrt})
