import keras
import numpy as np
import pytest
from scipy.signal import correlate2d
from scipy.special import expit

from mtl_keras.trunks import ChannelAttention, SpatialAttention, cbam, resnet

MAPS = np.random.default_rng(0).normal(size=(2, 8, 9, 64)).astype("float32")


@pytest.mark.parametrize("channels", [64, 256])
def test_parameters_are_those_of_the_paper(channels):
    x = keras.Input((7, 7, channels))
    y = SpatialAttention()(ChannelAttention()(x))
    hidden = channels // 16
    assert keras.Model(x, y).count_params() == 2 * channels * hidden + hidden + channels + 98


def test_channel_attention_is_the_formula():
    layer = ChannelAttention(ratio=16)
    found = layer(MAPS)
    w1, b1, w2, b2 = (v.numpy() for v in layer.weights)
    pooled = (MAPS.mean((1, 2)), MAPS.max((1, 2)))
    scale = expit(sum(np.maximum(x @ w1 + b1, 0) @ w2 + b2 for x in pooled))
    np.testing.assert_allclose(found, MAPS * scale[:, None, None], atol=1e-5)


def test_spatial_attention_is_the_formula():
    layer = SpatialAttention()
    found = layer(MAPS)
    kernel = layer.weights[0].numpy()[..., 0]
    for maps, answer in zip(MAPS, found):
        pooled = (maps.mean(-1), maps.max(-1))
        scale = expit(sum(correlate2d(x, kernel[..., i], "same") for i, x in enumerate(pooled)))
        np.testing.assert_allclose(answer, maps * scale[..., None], atol=1e-5)


def test_a_narrow_map_has_one_hidden_unit():
    layer = ChannelAttention(ratio=16)
    layer.build((None, 7, 7, 2))
    assert layer.hidden.units == 1


def test_the_trunk_is_a_resnet_with_attention_in_each_block():
    x = keras.Input((28, 28, 1))
    plain = keras.Model(x, resnet(depth=8)(x)).count_params()
    attention = sum(2 * c * (c // 16) + c // 16 + c + 98 for c in (16, 32, 64))
    assert keras.Model(x, cbam(depth=8)(x)).count_params() == plain + attention


@pytest.mark.parametrize("layer", [ChannelAttention(ratio=3), SpatialAttention(kernel_size=5)])
def test_config(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
