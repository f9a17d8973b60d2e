import sys

import keras
import numpy as np
import pytest

from mtl_keras.trunks import networks
from mtl_keras.trunks.networks import Application, ApplicationScaling

WHITE, BLACK = np.ones((1, 2, 2, 3), "float32"), np.zeros((1, 2, 2, 3), "float32")
CAFFE = ((151.061, 138.221, 131.32), (-103.939, -116.779, -123.68))
TORCH = ((2.249, 2.429, 2.640), (-2.118, -2.036, -1.804))


@pytest.mark.parametrize(
    ("network", "white", "black"),
    [
        ("VGG16", *CAFFE),
        ("ResNet50", *CAFFE),
        ("ResNet50V2", (1, 1, 1), (-1, -1, -1)),
        ("InceptionV3", (1, 1, 1), (-1, -1, -1)),
        ("DenseNet121", *TORCH),
        ("EfficientNetB0", (255, 255, 255), (0, 0, 0)),
        ("ConvNeXtTiny", (255, 255, 255), (0, 0, 0)),
    ],
)
def test_scaling(network, white, black):
    layer = ApplicationScaling(network)
    for picture, wanted in ((WHITE, white), (BLACK, black)):
        before = picture.copy()
        np.testing.assert_allclose(layer(picture)[0, 0, 0], wanted, atol=1e-3)
        np.testing.assert_array_equal(picture, before)


def test_scaling_is_in_float32_whatever_the_policy(tmp_path):
    x = keras.Input((2, 2, 3))
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = keras.Model(x, ApplicationScaling("VGG16")(x))
    finally:
        keras.config.set_dtype_policy(policy)
    model.save(tmp_path / "model.keras")
    found = keras.saving.load_model(tmp_path / "model.keras")(WHITE)
    assert found.dtype == "float32"
    np.testing.assert_allclose(found[0, 0, 0], CAFFE[0], atol=1e-3)


def test_every_network_has_a_scaling():
    names = [name for name in vars(keras.applications) if name[0].isupper()]
    assert len(names) > 35
    for name in names:
        assert ApplicationScaling(name)(WHITE).shape == WHITE.shape


def test_an_unknown_network(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)  # as if it were not installed
    with pytest.raises(ValueError, match=r"Did you mean 'ResNet50'.*pip install keras-hub"):
        networks.find("resnet50")


def test_weights_that_cannot_be_fetched(monkeypatch, tmp_path):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setattr("keras.src.utils.file_utils.config.keras_home", lambda: str(tmp_path))
    with pytest.raises(OSError, match=r"VGG16 .*folder `models` of \$KERAS_HOME.*_notop\.h5"):
        Application("VGG16").make("imagenet", (32, 32), "network")
