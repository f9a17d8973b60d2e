import keras
import numpy as np
import pytest

from mtl_keras.trunks import application
from tests.trunks.trunk_cases import pictures, two_inputs

SMALL = {"network": "MobileNet", "alpha": 0.25}


def test_it_is_the_network_on_scaled_pictures():
    x = keras.Input((32, 32, 3))
    trunk = application(**SMALL)
    model = keras.Model(x, trunk(x))
    network = keras.applications.MobileNet(
        alpha=0.25, include_top=False, weights=None, input_shape=(32, 32, 3), pooling="avg"
    )
    assert model.count_params() == network.count_params()
    network.set_weights(model.get_weights())
    image = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype("float32")
    wanted = network(keras.applications.mobilenet.preprocess_input(image.copy()))
    np.testing.assert_allclose(model(image / 255), wanted, atol=1e-4)


def test_frozen_normalisation_serves_two_inputs(tmp_path):
    model = two_inputs(application(batch_norm="frozen", **SMALL))
    images, _ = pictures()
    before = model.get_weights()
    outputs = model(images, training=True)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
    again = model(images, training=False)
    assert all(np.array_equal(outputs[task], again[task]) for task in outputs)
    assert any(v.path.endswith("gamma") for v in model.trainable_variables)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")(images, training=True)
    assert all(np.array_equal(outputs[task], loaded[task]) for task in outputs)


def test_private_normalisation_serves_one():
    trunk = application(**SMALL)
    trunk(keras.Input((32, 32, 3)))
    with pytest.raises(ValueError, match=r"'frozen' for 'MobileNet' to take a second input"):
        trunk(keras.Input((32, 32, 1)))


def test_small_pictures_are_enlarged_and_large_ones_are_not():
    trunk = application("VGG16", pooling=None)
    assert trunk(keras.Input((28, 40, 1))).shape == (None, 1, 1, 512)
    assert trunk.input_size == (32, 40)
    assert trunk(keras.Input((300, 300, 3))).shape == (None, 1, 1, 512)


def test_grey_pictures_are_repeated():
    grey, trunk = keras.Input((32, 32, 1)), application("VGG16")
    model = keras.Model(grey, trunk(grey))
    repeated = keras.Model(grey, model.get_layer("application_repeat").output)
    picture = np.random.default_rng(0).random((1, 32, 32, 1), np.float32)
    np.testing.assert_array_equal(repeated(picture), np.repeat(picture, 3, axis=-1))
    four = keras.Input((32, 32, 4))
    assert keras.Model(four, trunk(four)).get_layer("application_stem4").kernel.shape[2:] == (4, 3)


def test_weights_from_a_file(tmp_path):
    network = keras.applications.MobileNet(
        alpha=0.25, include_top=False, weights=None, input_shape=(40, 40, 3)
    )
    network.save_weights(tmp_path / "mobile.weights.h5")
    x = keras.Input((32, 32, 3))
    trunk = application(weights=str(tmp_path / "mobile.weights.h5"), **SMALL)
    found = keras.Model(x, trunk(x)).get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(found, network.get_weights()))


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"'private' or 'frozen'\. Received: batch_norm='shared'"):
        application("VGG16", batch_norm="shared")
    with pytest.raises(ValueError, match="'max', 'avg' or None"):
        application("VGG16", pooling="sum")
    with pytest.raises(ValueError, match=r"`input_size` must be given.*\(None, None, None, 3\)"):
        application("VGG16")(keras.Input((None, None, 3)))


def test_a_preset_of_keras_hub(tmp_path):
    hub = pytest.importorskip("keras_hub")
    backbone = hub.models.ViTBackbone(
        image_shape=(32, 32, 3), patch_size=8, num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=8
    )
    backbone.save_to_preset(str(tmp_path))
    converter = hub.layers.ImageConverter(scale=[1 / 127.5] * 3, offset=[-1.0] * 3)
    converter.save_to_preset(str(tmp_path))
    x = keras.Input((28, 28, 1))
    trunk = application(str(tmp_path), weights="preset", input_size=(32, 32))
    model = keras.Model(x, trunk(x))
    white = np.ones((2, 28, 28, 1), "float32")
    wanted = backbone(np.ones((2, 32, 32, 3), "float32"))
    np.testing.assert_allclose(model(white), np.mean(wanted, axis=1), atol=1e-5)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        keras.saving.load_model(tmp_path / "model.keras")(white), model(white)
    )
