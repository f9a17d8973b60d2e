import keras
import numpy as np
import pytest

from mtl_keras.trunks import resnet
from tests.trunks.trunk_cases import counts


@pytest.mark.parametrize(
    ("shortcut", "shape", "parameters", "multiply_adds"),
    [
        ("identity", (32, 32, 3), 271_098, 40.55),
        ("identity", (28, 28, 1), 270_810, 30.82),
        ("projection", (32, 32, 3), 274_042, 40.81),
    ],
)
def test_counts(shortcut, shape, parameters, multiply_adds):
    assert counts(resnet(shortcut=shortcut), shape) == (parameters, multiply_adds)


def test_shortcuts_without_parameters():
    """With the branches switched off, every second pixel comes through, between new channels."""
    x = keras.Input((7, 9, 1))
    model = keras.Model(x, resnet(depth=8, width=2, pooling=None)(x))
    for layer in model.layers:
        if layer.name.endswith("conv2_bn"):
            layer.gamma.assign(np.zeros(layer.gamma.shape))
    picture = np.random.default_rng(0).normal(size=(3, 7, 9, 1)).astype("float32")
    stem = keras.Model(x, model.get_layer("resnet_stem1_relu").output)(picture).numpy()
    wanted = np.zeros((3, 2, 3, 8))
    wanted[..., 3:5] = stem[:, ::4, ::4]
    np.testing.assert_array_equal(model(picture), wanted)


def test_any_size():
    x = keras.Input((None, None, 3))
    model = keras.Model(x, resnet(depth=8, width=1, shortcut="projection")(x))
    assert [model(np.zeros((2, *size, 3))).shape for size in ((1, 1), (9, 6))] == [(2, 4)] * 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 18}, "6 n \\+ 2, as 8, 14, 20, 32. Received: depth=18"),
        ({"depth": 2}, "Received: depth=2"),
        ({"shortcut": "A"}, "'identity' or 'projection'. Received: shortcut='A'"),
        ({"pooling": "min"}, "'max', 'avg' or None. Received: pooling='min'"),
    ],
)
def test_wrong_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        resnet(**options)
