import os
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from toy_export import (
    CARD,
    TEXTS,
    TITLES,
    close,
    expected,
    exported,
    labels,
    pictures,
    softmax,
    text,
)  # fmt: skip

import mtl_keras as mtl
from mtl_keras import model_card


@pytest.fixture(scope="module")
def model():
    return exported()[0]


@pytest.fixture(scope="module")
def path():
    return exported()[1]


@pytest.fixture(scope="module")
def served(path):
    return tf.saved_model.load(path).signatures


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize("size", [(8, 6), (19, 31), (5, 5)])
def test_picture_task_equals_the_python_model(model, served, size):
    image = pictures(3, *size, 1)
    answer = served["zeta"](image=tf.constant(image))
    wanted = softmax(expected(model, "zeta", zeta_image=image))
    close(answer["probabilities"], wanted)
    names = model.class_names["zeta"]
    assert text(answer["label"]) == [names[i] for i in wanted.argmax(axis=1)]


@pytest.mark.parametrize("size", [(6, 6), (13, 40)])
def test_picture_without_preprocessing_is_resized_and_scaled(model, served, size):
    photo = pictures(3, *size, 3)
    answer = served["colour"](image=tf.constant(photo))
    wanted = expected(model, "colour", photo=photo)
    close(answer["probabilities"], wanted)  # The head ends in a softmax already.
    assert text(answer["label"]) == [str(i) for i in wanted.argmax(axis=1)]


def test_text_task_equals_the_python_model(model, served):
    answer = served["topics"](text=tf.constant(TEXTS))
    close(answer["probabilities"], softmax(expected(model, "topics", note_text=TEXTS)))


def test_fused_binary_task(model, served):
    image = pictures(3, 9, 9, 1)
    answer = served["match"](image=tf.constant(image), text=tf.constant(TITLES))
    logits = expected(model, "match", zeta_image=image, title_text=TITLES)
    p = 1 / (1 + np.exp(-logits))
    close(answer["probabilities"], np.concatenate([1 - p, p], axis=1))
    assert text(answer["label"]) == [["no", "yes"][int(x > 0.5)] for x in p[:, 0]]


def test_several_texts_bear_the_names_of_the_inputs_and_have_their_own_lengths(model, served):
    answer = served["tags"](note_text=tf.constant(TEXTS), title_text=tf.constant(TITLES))
    logits = expected(model, "tags", note_text=TEXTS, title_text=TITLES)
    close(answer["probabilities"], 1 / (1 + np.exp(-logits)))
    np.testing.assert_array_equal(answer["mask"], logits > 0)
    assert [text(row) for row in answer["labels"]] == [["loud", "long", "late"]] * 3


def test_regression(model, served):
    image = pictures(3, 8, 6, 1)
    answer = served["alpha"](image=tf.constant(image))
    assert list(answer) == ["value"]
    close(answer["value"], expected(model, "alpha", zeta_image=image))


def test_other_inputs_pass_as_they_are(model, served):
    numbers = np.float32([[1, -2], [0.5, 3], [9, 9]])
    answer = served["score"](numbers=tf.constant(numbers))
    p = expected(model, "score", numbers=numbers)  # A sigmoid already.
    close(answer["probabilities"], np.concatenate([1 - p, p], axis=1))
    close(
        served["feature"](numbers=tf.constant(numbers))["value"],
        expected(model, "feature", numbers=numbers),
    )


def test_encoded_pictures_of_different_sizes_in_one_batch(model, served):
    two = pictures(8, 6, 3), pictures(21, 10, 3, seed=5)
    png = [tf.io.encode_png(x).numpy() for x in two]
    jpeg = [tf.io.encode_jpeg(x).numpy() for x in two]
    answer = served["colour_encoded"](image_bytes=tf.constant([*png, *jpeg]))
    decoded = [*two, *(tf.io.decode_jpeg(x).numpy() for x in jpeg)]
    for row, picture in zip(answer["probabilities"], decoded):
        close(row, expected(model, "colour", photo=np.stack([picture] * 3))[0])


def test_encoded_colour_picture_becomes_grey_where_the_input_is_grey(model, served):
    colour = np.repeat(pictures(8, 6, 1), 3, axis=-1)
    answer = served["zeta_encoded"](image_bytes=tf.constant([tf.io.encode_png(colour).numpy()]))
    raw = served["zeta"](image=tf.constant(colour[None, ..., :1]))
    np.testing.assert_allclose(answer["probabilities"], raw["probabilities"], atol=0.02)


def test_encoded_with_text_and_with_two_pictures(model, served):
    image, photo = pictures(3, 12, 9, 1), pictures(3, 7, 8, 3)
    files = tf.constant([tf.io.encode_png(x).numpy() for x in image])
    answer = served["match_encoded"](image_bytes=files, text=tf.constant(TITLES))
    raw = served["match"](image=tf.constant(image), text=tf.constant(TITLES))
    close(answer["probabilities"], raw["probabilities"])
    photos = tf.constant([tf.io.encode_png(x).numpy() for x in photo])
    answer = served["pair_encoded"](zeta_image=files, photo=photos)
    logits = expected(model, "pair", zeta_image=image, photo=photo)
    close(answer["probabilities"], softmax(logits))


def test_empty_batch(served):  # Of pictures, TensorFlow's own convolutions fail on the CPU.
    assert served["topics"](text=tf.constant([], tf.string))["probabilities"].shape == (0, 4)


def test_serving_default_answers_all_tasks(served, model):
    raw = {
        "zeta_image": tf.constant(pictures(3, 11, 7, 1)),
        "photo": tf.constant(pictures(3, 4, 9, 3)),
        "note_text": tf.constant(TEXTS),
        "title_text": tf.constant(TITLES),
        "numbers": tf.constant(np.float32([[1, 2], [3, 4], [5, 6]])),
    }
    everything = served["serving_default"](**raw)
    kinds = {"zeta_image": "image", "photo": "image", "note_text": "text", "title_text": "text"}
    expected_keys = set()
    for task in model.tasks:
        signature = served[task].structured_input_signature[1]
        inputs = {
            key: raw[key if key in raw else by_kind(model, task, key, kinds)] for key in signature
        }
        answer = served[task](**inputs)
        expected_keys |= {f"{task}_{key}" for key in answer}
        for key, value in answer.items():
            if value.dtype.is_floating:
                close(value, everything[f"{task}_{key}"])
            else:
                np.testing.assert_array_equal(value, everything[f"{task}_{key}"])
    assert set(everything) == expected_keys


def by_kind(model, task, kind, kinds):
    return next(name for name in model.task_inputs[task] if kinds[name] == kind)


def test_export_answers_what_the_pipeline_gives_the_model(tmp_path):
    data = mtl.data.load(digits="sample/digits", topics="sample/headlines")
    layers, x = keras.layers, data.inputs()
    words = layers.Embedding(data.vocabulary_size, 4)(x["topics_text"])
    logits = {
        "digits": layers.Dense(10)(layers.Flatten()(x["digits_image"])),
        "topics": layers.Dense(4)(layers.Flatten()(words)),
    }
    names = data.class_names
    model = mtl.MultiTaskModel(x, logits, preprocess=data.preprocess, class_names=names)
    model.compile("sgd", loss=data.losses)
    model.export(tmp_path / "x", card=model_card.describe(data))
    answers = tf.saved_model.load(str(tmp_path / "x")).signatures
    for task, key in (("digits", "image"), ("topics", "text")):
        name = f"{task}_{key}"
        raw = data.raw(task)[0][name]
        rows = data.only(task).test.map(lambda x, y, name=name: x[name])
        logits = model.task(task).predict(rows, verbose=0)
        answer = answers[task](**{key: tf.constant(raw)})
        close(answer["probabilities"], softmax(logits)[: len(raw)])
    assert labels(tmp_path / "x")["data"]["digits"]["train"] == data.examples["digits"]["train"]


# ------------------------------------------------------------- signatures


def test_signatures_go_by_name_with_the_batch_first(served, model):
    with_picture = {"zeta", "alpha", "match", "colour", "pair"}
    wanted = {*model.tasks, *(f"{task}_encoded" for task in with_picture), "serving_default"}
    assert set(served) == wanted
    for function in served.values():
        specs = [*function.structured_input_signature[1].values()]
        specs += function.structured_outputs.values()
        assert all(spec.shape[0] is None for spec in specs)
    # Tasks in no alphabetical order, each with its own number of classes.
    classes = {"zeta": 3, "topics": 4, "tags": 3, "match": 2, "colour": 5, "pair": 2}
    for task, number in classes.items():
        assert served[task].structured_outputs["probabilities"].shape == (None, number)
        everything = served["serving_default"].structured_outputs
        assert everything[f"{task}_probabilities"].shape == (None, number)


def test_labels_json_tells_the_signatures_as_they_are(served, path):
    about = labels(path)
    assert set(about["signatures"]) == set(served)
    for name, tensors in about["signatures"].items():
        found = served[name].structured_input_signature[1], served[name].structured_outputs
        for specs, told in zip(found, (tensors["inputs"], tensors["outputs"])):
            assert {
                key: (spec.dtype.name, ["batch", *spec.shape[1:]]) for key, spec in specs.items()
            } == {key: (x["dtype"], x["shape"]) for key, x in told.items()}


def test_card_and_labels_hold_what_the_caller_said(path):
    about = labels(path)
    assert about["tasks"]["tags"] == {
        "kind": "multi_label",
        "class_names": ["loud", "long", "late"],
    }
    assert about["data"] == CARD["data"]
    assert about["metrics"] == {"zeta_accuracy": pytest.approx(0.987), "alpha_loss": None}
    assert about["versions"]["mtl_keras"] == mtl.__version__
    assert about["created"].startswith("20")
    card = pathlib.Path(path, "model_card.md").read_text(encoding="utf-8")
    for words in ("toy/zeta", "12,345", "0.987", "čtverec", "zeta_encoded", "Made for | tests."):
        assert words in card
    assert tf.__version__ in card


def test_only_what_is_served_is_saved(path, model):
    names = [name for name, _ in tf.train.list_variables(os.path.join(path, "variables/variables"))]
    held = [name for name in names if "VARIABLE_VALUE" in name]
    assert len(held) == len({id(v) for v in model.variables if v.dtype == "float32"})
    assert not any("optimizer" in name or "adam" in name for name in names)


def test_an_ordinary_fused_task_needs_both_parts(served):
    assert not [name for name in served if "_from_" in name]
