import json
import os
import pathlib
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
import tensorflow as tf
import toy_fused
from toy_export import CARD, exported, labels, pictures

import mtl_keras as mtl
from mtl_keras import model_card

TEXTS = ["Red dog!", "small, small cat", ""]
TITLES = ["big", "Blue green red dog", "dog"]


@pytest.fixture(scope="module")
def model():
    return exported()[0]


@pytest.fixture(scope="module")
def path():
    return exported()[1]


@pytest.fixture(scope="module")
def served(path):
    return tf.saved_model.load(path).signatures


def expected(model, task, **raw):
    """What the Python model says of raw values, prepared by plain Keras."""
    for name, layer in model.preprocess.items():
        if name in raw:
            raw[name] = layer(tf.constant(raw[name]))
    if "photo" in raw:
        raw["photo"] = keras.ops.image.resize(np.float32(raw["photo"]), (6, 6), antialias=True)
        raw["photo"] /= 255
    bare = next(iter(raw.values())) if len(raw) == 1 else raw
    return np.array(model.task(task)(bare, training=False))


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)


def text(tensor):
    return [x.decode() for x in tensor.numpy()]


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


# ------------------------------------------------------- a part may be absent


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


def test_an_ordinary_fused_task_needs_both_parts(served):
    assert not [name for name in served if "_from_" in name]


# ---------------------------------------- a client without keras and mtl_keras

CLIENT = """
import json, runpy, sys

class Hiding:
    # Finds all modules but those of keras and mtl_keras.
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("keras", "tf_keras", "mtl_keras"):
            return None
        return self.finder.find_spec(name, path, target)

sys.meta_path[:] = [Hiding(finder) for finder in sys.meta_path]
for name in ("keras", "mtl_keras"):
    try:
        __import__(name)
    except ImportError:
        continue
    raise AssertionError(name + " could be imported")

import numpy as np
import tensorflow as tf

path, fused, folder = sys.argv[1:]
served = tf.saved_model.load(path).signatures
raw = dict(np.load(folder + "/raw.npz"))
files = [open(folder + "/" + name, "rb").read() for name in ("small.png", "large.jpg")]
texts = tf.constant(raw.pop("texts"))
part = tf.saved_model.load(fused).signatures
answers = {
    "fit_from_text": part["fit_from_text"](text=texts),
    "fit_from_image_encoded": part["fit_from_image_encoded"](image_bytes=tf.constant(files)),
    "zeta": served["zeta"](image=tf.constant(raw["image"])),
    "topics": served["topics"](text=texts),
    "match": served["match"](image=tf.constant(raw["image"]), text=texts),
    "colour_encoded": served["colour_encoded"](image_bytes=tf.constant(files)),
}
found = {}
for name, answer in answers.items():
    found[name] = {
        "probabilities": answer["probabilities"].numpy().tolist(),
        "label": [label.decode() for label in answer["label"].numpy()],
    }
json.dump(found, open(folder + "/answers.json", "w"))
assert not {"keras", "mtl_keras"} & set(sys.modules)

cli = "tensorflow.python.tools.saved_model_cli"
asked = [
    ["show", "--dir", path, "--all"],
    ["run", "--dir", path, "--tag_set", "serve", "--signature_def", "match",
     "--inputs", "image=" + folder + "/image.npy",
     "--input_exprs", 'text=["big", "red dog", "small"]', "--outdir", folder, "--overwrite"],
]
for arguments in asked:
    sys.argv = ["saved_model_cli", *arguments]
    try:
        runpy.run_module(cli, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        assert not end.code, end.code
"""


@pytest.fixture(scope="module")
def client(path, tmp_path_factory):
    """(answers, what saved_model_cli printed, folder) of a process without keras."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "client.py").write_text(textwrap.dedent(CLIENT))
    np.savez(folder / "raw.npz", image=pictures(3, 9, 9, 1), texts=np.array(TITLES))
    np.save(folder / "image.npy", pictures(3, 9, 9, 1))
    (folder / "small.png").write_bytes(tf.io.encode_png(pictures(8, 6, 3)).numpy())
    (folder / "large.jpg").write_bytes(tf.io.encode_jpeg(pictures(21, 10, 3)).numpy())
    done = subprocess.run(
        [sys.executable, "client.py", path, toy_fused.exported()[1], "."],
        cwd=folder,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "answers.json").read_text()), done.stdout, folder


def test_client_without_keras_gets_the_same_answers(client, model, served):
    answers, _, folder = client
    image, texts = tf.constant(pictures(3, 9, 9, 1)), tf.constant(TITLES)
    wanted = softmax(expected(model, "zeta", zeta_image=image))
    close(np.float32(answers["zeta"]["probabilities"]), wanted)
    files = [(folder / name).read_bytes() for name in ("small.png", "large.jpg")]
    part = tf.saved_model.load(toy_fused.exported()[1]).signatures
    here = {
        "fit_from_text": part["fit_from_text"](text=texts),
        "fit_from_image_encoded": part["fit_from_image_encoded"](image_bytes=tf.constant(files)),
        "topics": served["topics"](text=texts),
        "match": served["match"](image=image, text=texts),
        "colour_encoded": served["colour_encoded"](image_bytes=tf.constant(files)),
    }
    for name, answer in here.items():
        close(np.float32(answers[name]["probabilities"]), answer["probabilities"])
        assert answers[name]["label"] == text(answer["label"])


def test_saved_model_cli_shows_and_runs(client, served):
    _, printed, folder = client
    assert "signature_def['zeta_encoded']" in printed
    assert "inputs['image_bytes'] tensor_info" in printed
    assert "outputs['zeta_probabilities'] tensor_info" in printed
    assert "Result for output key label" in printed
    texts = tf.constant(["big", "red dog", "small"])
    answer = served["match"](image=tf.constant(pictures(3, 9, 9, 1)), text=texts)
    close(np.load(folder / "probabilities.npy"), answer["probabilities"])
