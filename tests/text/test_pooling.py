import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.text import ClearPadding, MaskedAverage, MaskedMax

POOLINGS = {MaskedAverage: np.mean, MaskedMax: np.max}


@pytest.mark.parametrize("layer", POOLINGS)
@settings(max_examples=20, deadline=None)
@given(tokens=st.lists(st.integers(0, 2), min_size=1, max_size=6), seed=st.integers(0, 99))
def test_pools_what_is_no_padding(layer, tokens, seed):
    vectors = np.random.default_rng(seed).normal(size=(1, len(tokens), 3)).astype("float32")
    kept = vectors[0, np.array(tokens) > 0]
    wanted = POOLINGS[layer](kept, axis=0) if len(kept) else np.zeros(3)
    found = layer()([vectors, np.array([tokens])])
    np.testing.assert_allclose(found[0], wanted, atol=1e-6)


def test_padding_is_cleared_of_anything():
    vectors = np.full((2, 3, 1), np.nan, "float32")
    vectors[0, :2] = 5
    tokens = np.array([[4, 1, 0], [0, 0, 0]])
    found = ClearPadding()([vectors, tokens]).numpy()
    assert found[..., 0].tolist() == [[5, 5, 0], [0, 0, 0]]
    whole = ClearPadding()([np.array([[7.0], [np.nan]], "float32"), tokens]).numpy()
    assert whole.tolist() == [[7], [0]]


@pytest.mark.parametrize("layer", [ClearPadding, *POOLINGS])
def test_says_its_shape_and_comes_back(layer):
    x, y = keras.Input((None, 7)), keras.Input((None,), dtype="int32")
    shape = (None, None, 7) if layer is ClearPadding else (None, 7)
    assert layer()([x, y]).shape == shape
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer()))
    assert isinstance(again, layer)
