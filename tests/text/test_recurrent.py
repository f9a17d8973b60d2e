import keras
import numpy as np
import pytest

from mtl_keras.text import TokenMask, recurrent

TOKENS = np.array([[3, 4, 5, 0, 0], [6, 7, 0, 0, 0]])


def model(**options):
    x = keras.Input((None,), dtype="int32")
    return keras.Model(x, recurrent(9, width=3, units=2, **options)(x))


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("pooling", ["max", "mean", "last"])
def test_is_the_layer_of_keras_on_the_text_without_padding(cell, pooling):
    branch = model(cell=cell, pooling=pooling)
    vectors = branch.get_layer("recurrent_vectors")
    states = branch.get_layer("recurrent_states")
    found = branch(TOKENS)
    for tokens, row in zip(TOKENS, found):
        words = vectors(tokens[tokens > 0])[None]
        forward = states.forward_layer(words)
        backward = states.backward_layer(words)
        if pooling == "last":
            wanted = [forward, backward]
        else:
            pool = {"max": np.max, "mean": np.mean}[pooling]
            wanted = [pool(forward, axis=1), pool(backward, axis=1)]
        np.testing.assert_allclose(row, np.concatenate(wanted, axis=1)[0], atol=1e-6)


def test_parameters():
    """GRU: 3 (u (e + u) + 2 u), LSTM: 4 (u (e + u) + u); e = 100 and u = 128 as published."""
    for cell, wanted in (("gru", 88_320), ("lstm", 117_248)):
        x = keras.Input((4,), dtype="int32")
        branch = recurrent(2, width=100, units=128, cell=cell, bidirectional=False)
        assert keras.Model(x, branch(x)).count_params() - 200 == wanted


def test_padding_on_the_left_and_in_between_is_skipped():
    branch = model(bidirectional=False, pooling="last")
    found = branch(np.array([[3, 4, 5, 0, 0], [0, 0, 3, 4, 5], [3, 0, 4, 0, 5]]))
    np.testing.assert_allclose(found, np.repeat(found[:1], 3, axis=0), atol=1e-6)


def test_the_mask_always_lets_something_be_read():
    """The kernel of a GPU refuses a row that is masked as a whole."""
    found = TokenMask()(np.array([[4, 0, 2], [0, 0, 0], [0, 3, 0]])).numpy()
    assert found.tolist() == [[True, False, True], [True, False, False], [False, True, False]]
    assert TokenMask()(keras.Input((None,), dtype="int32")).dtype == "bool"


def test_unknown_names():
    with pytest.raises(ValueError, match=r"Unknown cell 'grun'\. Did you mean 'gru'"):
        recurrent(9, cell="grun")
    with pytest.raises(ValueError, match="Unknown pooling 'avg'"):
        recurrent(9, pooling="avg")
