"""What every feature layer promises."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl_keras import features

LAYERS = {
    "AutoContrast": lambda: features.AutoContrast(),
    "CLAHE": lambda: features.CLAHE(tile_grid_size=(2, 2)),
    "GaborBank": lambda: features.GaborBank([0.25], orientations=2),
    "GaussianBlur": lambda: features.GaussianBlur(0.7),
    "HistogramEqualization": lambda: features.HistogramEqualization(),
    "Laplacian": lambda: features.Laplacian(),
    "LocalBinaryPattern": lambda: features.LocalBinaryPattern(6, 1.5),
    "Median": lambda: features.Median(),
    "Sobel": lambda: features.Sobel(),
}
VARIANTS = LAYERS | {"histogram": lambda: features.LocalBinaryPattern(grid=(2, 3))}
every_layer = pytest.mark.parametrize("name", VARIANTS)
PICTURES = np.random.default_rng(0).integers(0, 256, (3, 8, 10, 2)).astype("uint8")
LINEAR = ("GaussianBlur", "Laplacian")


def test_the_suite_knows_every_layer():
    assert set(LAYERS) == set(features.__all__)


@every_layer
def test_the_same_in_a_pipeline_in_a_model_compiled_and_exported(name, tmp_path):
    layer = VARIANTS[name]()
    pictures = PICTURES.astype("float32")
    wanted = layer(pictures).numpy()
    size = (8, 10) if name in ("CLAHE", "histogram") else (None, None)
    dataset = tf.data.Dataset.from_tensor_slices(pictures).batch(2).map(layer)
    np.testing.assert_allclose(np.concatenate(list(dataset)), wanted, atol=1e-4)
    x = keras.Input((*size, 2))
    model = keras.Model(x, layer(x))
    assert not model.weights or name in ("AutoContrast", "CLAHE")
    np.testing.assert_allclose(model(pictures), wanted, atol=1e-4)
    export = tf.Module()
    export.serve = tf.function(
        lambda x: model(x, training=False), [tf.TensorSpec((None, *size, 2))]
    )
    tf.saved_model.save(export, str(tmp_path))
    served = tf.saved_model.load(str(tmp_path)).serve(pictures)
    np.testing.assert_allclose(served, wanted, atol=1e-4)


@every_layer
def test_compiled_by_xla(name):
    layer, pictures = VARIANTS[name](), tf.constant(PICTURES.astype("float32"))
    found = tf.function(layer, jit_compile=True)(pictures)
    np.testing.assert_allclose(found, layer(pictures), atol=1e-3)


@every_layer
def test_each_picture_by_itself_and_shapes_are_known(name):
    layer, x = VARIANTS[name](), keras.Input((8, 10, 2))
    pictures = PICTURES.astype("float32")
    found = layer(pictures).numpy()
    np.testing.assert_allclose(layer(pictures[1:2])[0], found[1], atol=1e-4)
    assert layer(x).shape[1:] == found.shape[1:]


@pytest.mark.parametrize("name", sorted(set(VARIANTS) - {"AutoContrast", "CLAHE"}))
def test_whole_numbers_give_float32_whatever_the_policy_and_it_comes_back(name):
    wanted = VARIANTS[name]()(PICTURES.astype("float32"))
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = VARIANTS[name]()
    finally:
        keras.config.set_dtype_policy("float32")
    config = keras.saving.serialize_keras_object(layer)
    again = keras.saving.deserialize_keras_object(config)
    assert keras.saving.serialize_keras_object(again) == config
    for each in (layer, again):
        found = each(PICTURES)
        assert found.dtype == "float32"
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("name", ["GaborBank", "Median", "Sobel", *LINEAR])
def test_gradients_pass_and_are_finite_in_flat_pictures(name):
    layer = VARIANTS[name]()
    for pictures in (PICTURES.astype("float32"), np.full((1, 5, 5, 1), 3.0, "float32")):
        pictures = tf.constant(pictures)
        with tf.GradientTape() as tape:
            tape.watch(pictures)
            total = tf.reduce_sum(tf.square(layer(pictures) - 1))
        gradient = tape.gradient(total, pictures).numpy()
        assert np.isfinite(gradient).all()
    with pytest.raises(ValueError, match="expected ndim=4, found ndim=3"):
        layer(np.zeros((8, 8, 1), "float32"))


@pytest.mark.parametrize("name", LINEAR)
def test_linear_ones_are_linear(name):
    layer, (one, other) = VARIANTS[name](), np.split(PICTURES[:2].astype("float32"), 2)
    found = layer(2 * one - 3 * other)
    np.testing.assert_allclose(found, 2 * layer(one) - 3 * layer(other), atol=5e-3)
