"""Models that an export must bring through: odd names, sizes and types, an absent part."""

import os

import keras
import numpy as np
import pytest
import tensorflow as tf
import toy_fused
from toy_export import TEXTS, close, labels, pictures, softmax

import mtl_keras as mtl


def test_names_that_tensorflow_rewrites(tmp_path):
    left, right = keras.Input((4, 4, 1), name="left-eye"), keras.Input((4, 4, 2), name="2nd.eye")
    flat = [keras.layers.Flatten()(x) for x in (left, right)]
    logits = keras.layers.Dense(2)(keras.layers.Concatenate()(flat))
    mtl.MultiTaskModel([left, right], {"same-face": logits}).export(tmp_path / "eyes")
    loaded = tf.saved_model.load(str(tmp_path / "eyes")).signatures
    assert set(loaded["same-face"].structured_input_signature[1]) == {"left_eye", "arg_2nd_eye"}
    assert set(labels(tmp_path / "eyes")["signatures"]["same-face"]["inputs"]) == {
        "left_eye",
        "arg_2nd_eye",
    }
    # No picture file has two channels.
    assert set(loaded) == {"same-face", "serving_default"}


def test_two_signatures_of_one_name_are_refused(tmp_path):
    x = keras.Input((4, 4, 1), name="x")
    flat = keras.layers.Flatten()(x)
    tasks = {name: keras.layers.Dense(2)(flat) for name in ("a", "a_encoded")}
    with pytest.raises(ValueError, match="Two signatures have the name 'a_encoded'"):
        mtl.MultiTaskModel(x, tasks).export(tmp_path / "x")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("layers", "size"),
    [
        ([keras.layers.Rescaling(2.0)], None),
        ([keras.Input((4, 4, 1)), keras.layers.Rescaling(2.0)], None),
        ([keras.layers.CenterCrop(4, 4), keras.layers.Rescaling(2.0)], "centre"),
    ],
)
def test_a_layer_that_leaves_the_size_open_gets_resized_pictures(tmp_path, layers, size):
    x = keras.Input((4, 4, 1), name="x")
    task = {"sum": keras.layers.Dense(1, kernel_initializer="ones")(keras.layers.Flatten()(x))}
    model = mtl.MultiTaskModel(x, task, preprocess={"x": keras.Sequential(layers)})
    model.compile("sgd", loss="mse")
    model.export(tmp_path / "x")
    picture = pictures(1, 8, 8, 1)
    answer = tf.saved_model.load(str(tmp_path / "x")).signatures["sum"](image=tf.constant(picture))
    if size == "centre":
        wanted = np.float32(picture[:, 2:6, 2:6])
    else:
        wanted = tf.image.resize(picture, (4, 4), antialias=True).numpy()
    np.testing.assert_allclose(answer["value"], [[2 * wanted.sum()]], rtol=1e-5)


def test_integer_picture_input_of_the_users_own_scaling(tmp_path):
    x = keras.Input((4, 4, 1), dtype="uint8", name="x")
    scaled = keras.layers.Rescaling(1.0)(x)
    model = mtl.MultiTaskModel(x, {"sum": keras.layers.GlobalAveragePooling2D()(scaled)})
    model.compile("sgd", loss="mse")
    model.export(tmp_path / "x")
    picture = pictures(1, 4, 4, 1)
    answer = tf.saved_model.load(str(tmp_path / "x")).signatures["sum"](image=tf.constant(picture))
    np.testing.assert_allclose(answer["value"], [[picture.mean()]], rtol=1e-5)


def test_strings_read_inside_the_model(tmp_path):
    x = keras.Input((1,), dtype="string", name="x")
    layer = keras.layers.TextVectorization(vocabulary=["dog"], output_sequence_length=2)
    hot = keras.layers.CategoryEncoding(3, output_mode="multi_hot")(layer(x))
    model = mtl.MultiTaskModel(x, {"hot": keras.layers.Identity()(hot)})
    model.compile("sgd", loss="mse")
    model.export(tmp_path / "x")
    answer = tf.saved_model.load(str(tmp_path / "x")).signatures["hot"](text=tf.constant(["a dog"]))
    np.testing.assert_array_equal(answer["value"], [[0, 1, 1]])


def test_saved_and_loaded_model_exports_the_same(tmp_path):
    x = keras.Input((3,), dtype="int32", name="x")
    layer = keras.layers.TextVectorization(output_sequence_length=3)
    layer.adapt(["dog cat", "dog"])
    vectors = keras.layers.Embedding(4, 2)(x)
    logits = keras.layers.Dense(2)(keras.layers.GlobalAveragePooling1D()(vectors))
    model = mtl.MultiTaskModel(x, {"t": logits}, preprocess={"x": layer})
    model.save(tmp_path / "model.keras")
    keras.models.load_model(tmp_path / "model.keras").export(tmp_path / "x")
    answer = tf.saved_model.load(str(tmp_path / "x")).signatures["t"](text=tf.constant(TEXTS))
    close(answer["probabilities"], softmax(np.array(model(layer(TEXTS))["t"])))


def test_half_precision_heads_give_float32(tmp_path):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        x = keras.Input((4, 4, 1), name="x")
        model = mtl.MultiTaskModel(x, {"t": keras.layers.Dense(3)(keras.layers.Flatten()(x))})
    finally:
        keras.config.set_dtype_policy("float32")
    model.export(tmp_path / "x")
    answer = tf.saved_model.load(str(tmp_path / "x")).signatures["t"]
    probabilities = answer(image=tf.constant(pictures(2, 4, 4, 1)))["probabilities"]
    assert probabilities.dtype == tf.float32
    np.testing.assert_allclose(np.sum(probabilities, axis=1), 1, atol=1e-6)


def test_a_part_alone_has_signatures_where_the_other_is_optional():
    model, path = toy_fused.exported()
    served = tf.saved_model.load(path).signatures
    fit = {"fit", "fit_encoded", "fit_from_image", "fit_from_image_encoded", "fit_from_text"}
    # The text of `tag` is no optional one, so it cannot do without it; without the picture it can.
    tag = {"tag", "tag_encoded", "tag_from_text"}
    assert set(served) == fit | tag | {"serving_default"}
    image, texts = pictures(3, 6, 6, 3), ["red dog", "", "green"]
    given = {"image": tf.constant(image), "text": tf.constant(texts)}
    files = tf.constant([tf.io.encode_png(each).numpy() for each in image])
    answers = {
        "fit": served["fit"](**given),
        "fit_from_image": served["fit_from_image"](image=given["image"]),
        "fit_from_image_encoded": served["fit_from_image_encoded"](image_bytes=files),
        "fit_from_text": served["fit_from_text"](text=given["text"]),
    }
    wanted = {
        "fit": toy_fused.probabilities(model, image, texts),
        "fit_from_image": toy_fused.probabilities(model, image),
        "fit_from_text": toy_fused.probabilities(model, texts=texts),
    }
    wanted["fit_from_image_encoded"] = wanted["fit_from_image"]
    for name, answer in answers.items():
        close(answer["probabilities"], wanted[name])
    # An empty text is an absent one; the others count.
    close(answers["fit_from_image"]["probabilities"][1], wanted["fit"][1])
    assert np.abs(wanted["fit"] - wanted["fit_from_image"])[[0, 2]].min() > 1e-3
    assert np.abs(wanted["fit"] - wanted["fit_from_text"]).min() > 1e-3
