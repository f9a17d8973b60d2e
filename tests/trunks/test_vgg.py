import keras
import pytest

from mtl_keras.trunks import vgg
from tests.trunks.trunk_cases import counts


def test_counts():
    assert counts(vgg(), (32, 32, 3)) == (14_736_714, 313.2)


@pytest.mark.parametrize("depth", [16, 19])
def test_convolutions_are_those_of_keras_applications(depth):
    network = getattr(keras.applications, f"VGG{depth}")(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    x = keras.Input((32, 32, 3))
    model = keras.Model(x, vgg(depth)(x))
    kernels = [
        [v.shape for v in each.trainable_variables if v.name in ("kernel", "bias")]
        for each in (model, network)
    ]
    assert kernels[0] == kernels[1]


@pytest.mark.parametrize("size", [(1, 1), (28, 30), (65, 33)])
def test_any_size(size):
    assert vgg(11, width=1, pooling=None)(keras.Input((*size, 1))).shape == (
        None,
        *(-(-side // 32) for side in size),
        8,
    )


def test_an_unknown_depth():
    with pytest.raises(ValueError, match=r"11, 13, 16 or 19\. Received: depth=12"):
        vgg(depth=12)
