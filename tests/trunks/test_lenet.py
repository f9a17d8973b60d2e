import keras
import numpy as np
import pytest

from mtl_keras.trunks import UnscaledDropout, lenet
from tests.trunks.trunk_cases import counts


def test_counts_are_those_of_the_published_network():
    assert counts(lenet(), (28, 28, 1)) == (21_330 + 510, 0.4805)
    assert counts(lenet(input_size=(36, 36)), (36, 36, 1)) == (41_840, 1.0125)


def test_dropped_channels_are_those_of_the_whole_batch_and_nothing_is_scaled():
    drop = UnscaledDropout(0.5, noise_shape=(1, 1, 1, None), seed=0)
    x = np.random.default_rng(0).random((4, 3, 3, 20), np.float32) + 1
    y = drop(x, training=True).numpy()
    kept = y[0, 0, 0] > 0
    assert 0 < kept.sum() < 20
    np.testing.assert_array_equal(y, x * kept)
    np.testing.assert_array_equal(drop(x), x)


def test_it_drops_with_the_given_probability():
    kept = UnscaledDropout(0.3, seed=0)(np.ones(20_000, "float32"), training=True)
    assert abs(np.mean(kept) - 0.7) < 4 * np.sqrt(0.21 / 20_000)


def test_channel_dropout_is_saved(tmp_path):
    x = keras.Input((28, 28, 1))
    keras.Model(x, lenet(channel_dropout=0.5)(x)).save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    (layer,) = (each for each in model.layers if isinstance(each, UnscaledDropout))
    assert (layer.rate, layer.noise_shape) == (0.5, (1, 1, 1, None))


def test_too_small_pictures():
    with pytest.raises(ValueError, match=r"16 pixels or more.*input_size=\(15, 28\)"):
        lenet(input_size=(15, 28))
