import os
import pathlib
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
import toy_fused
from toy_export import exported, pictures

import mtl_keras as mtl
from mtl_keras import saved

TEXTS = ["red dog", "small green", "big"]


@pytest.fixture(scope="module")
def path():
    return exported()[1]


@pytest.fixture(scope="module")
def tasks(path):
    return saved.load(path)


@pytest.fixture(scope="module")
def served(path):
    return tf.saved_model.load(path).signatures


@pytest.fixture
def files(tmp_path):
    """A grey PNG and a colour JPEG of different sizes."""
    (tmp_path / "one.png").write_bytes(tf.io.encode_png(pictures(9, 7, 1)).numpy())
    (tmp_path / "two.jpg").write_bytes(tf.io.encode_jpeg(pictures(20, 30, 3)).numpy())
    return [str(tmp_path / "one.png"), tmp_path / "two.jpg"]


@pytest.fixture
def copy(path, tmp_path):
    """A copy of the export that a test may damage."""
    return pathlib.Path(shutil.copytree(path, tmp_path / "copy"))


def text(tensor):
    return [x.decode() for x in tensor.numpy()]


# ------------------------------------------------------------------- answers


def test_tells_its_tasks(tasks):
    model = exported()[0]
    assert tasks.tasks == model.tasks
    assert tasks.class_names["zeta"] == ["čtverec", "kruh", "jiné"]
    assert tasks.class_names["alpha"] == []
    assert tasks.inputs["match"] == {"zeta_image": "image", "title_text": "text"}


@pytest.mark.parametrize("batch_size", [1, 2, 128])
def test_arrays(tasks, served, batch_size):
    image = pictures(3, 9, 7, 1)
    found, probabilities = tasks.predict("zeta", pictures=image, batch_size=batch_size)
    answer = served["zeta"](image=tf.constant(image))
    assert found == text(answer["label"])
    np.testing.assert_allclose(probabilities, answer["probabilities"], atol=1e-6)


def test_files_of_different_sizes(tasks, served, files):
    data = [pathlib.Path(file).read_bytes() for file in files]
    answer = served["zeta_encoded"](image_bytes=tf.constant(data))
    for given in (files, data):
        found, probabilities = tasks.predict("zeta", pictures=given)
        assert found == text(answer["label"])
        np.testing.assert_allclose(probabilities, answer["probabilities"], atol=1e-6)
    assert tasks.predict("zeta", pictures=files[0])[0] == text(answer["label"])[:1]


def test_texts(tasks, served):
    found, probabilities = tasks.predict("topics", texts=TEXTS)
    answer = served["topics"](text=tf.constant(TEXTS))
    assert found == text(answer["label"])
    assert probabilities.shape == (3, 4)
    assert tasks.predict("topics", texts="red dog")[0] == found[:1]


def test_pictures_with_texts(tasks, served, files):
    found, _ = tasks.predict("match", pictures=files, texts=TEXTS[:2])
    data = [pathlib.Path(file).read_bytes() for file in files]
    answer = served["match_encoded"](image_bytes=tf.constant(data), text=tf.constant(TEXTS[:2]))
    assert found == text(answer["label"])


def test_a_part_alone_is_enough_where_the_other_is_optional(files):
    model, path = toy_fused.exported()
    tasks, image = saved.load(path), pictures(2, 6, 6, 3)
    for given in ({"images": image}, {"texts": TEXTS}, {"images": image, "texts": TEXTS[:2]}):
        asked = {key.replace("images", "pictures"): value for key, value in given.items()}
        labels, found = tasks.predict("fit", **asked)
        np.testing.assert_allclose(found, toy_fused.probabilities(model, **given), atol=1e-6)
        assert labels == [["no", "yes"][int(row[1] > 0.5)] for row in found]
    assert len(tasks.predict("fit", pictures=files)[0]) == 2
    assert tasks.inputs["fit"] == {"pair_image": "image", "pair_text": "text"}
    with pytest.raises(ValueError, match="Task 'fit' needs pictures"):
        tasks.predict("fit")
    with pytest.raises(ValueError, match="Task 'tag' needs texts"):
        tasks.predict("tag", pictures=image)


def test_several_of_a_kind_go_by_the_names_of_the_inputs(tasks, files):
    both = {"zeta_image": pictures(2, 5, 5, 1), "photo": pictures(2, 9, 9, 3)}
    labels, probabilities = tasks.predict("pair", pictures=both)
    assert len(labels) == 2
    assert probabilities.shape == (2, 2)
    assert len(tasks.predict("pair", pictures={"photo": files, "zeta_image": files})[0]) == 2
    with pytest.raises(ValueError, match="must be a dict with zeta_image, photo"):
        tasks.predict("pair", pictures=both["photo"])
    with pytest.raises(ValueError, match="all pictures as files, or all as arrays"):
        tasks.predict("pair", pictures=both | {"photo": files})


def test_several_labels(tasks):
    notes = {"note_text": TEXTS, "title_text": TEXTS}
    found, probabilities = tasks.predict("tags", texts=notes)
    names = np.array(tasks.class_names["tags"])
    assert found == [names[row > 0.5].tolist() for row in probabilities]


def test_values(tasks):
    numbers = [[1, 2], [3, 4.5]]
    found, probabilities = tasks.predict("feature", values={"numbers": numbers})
    assert found.shape == (2, 2)
    assert probabilities is None
    assert set(tasks.predict("score", values={"numbers": np.array(numbers)})[0]) <= {"0", "1"}


# ----------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("task", "given", "message"),
    [
        ("zetta", {}, r"Unknown task 'zetta'\. Did you mean 'zeta'\?"),
        ("zeta", {}, "Task 'zeta' needs pictures"),
        ("zeta", {"texts": ["a"]}, r"takes no texts\. It takes: zeta_image \(image\)"),
        ("zeta", {"pictures": []}, "equally many rows, at least one"),
        (
            "match",
            {"pictures": pictures(2, 4, 4, 1), "texts": ["a"]},
            "zeta_image: 2, title_text: 1",
        ),
        ("zeta", {"pictures": np.zeros((2, 4, 4, 1))}, "float64 ndarray of shape"),
        ("zeta", {"pictures": pictures(4, 4, 1)}, r"of shape \(4, 4, 1\)"),
        ("zeta", {"pictures": pictures(1, 4, 4, 3)}, r"array \(n, height, width, 1\)"),
        ("score", {"values": {"numbers": [[1, 2, 3]]}}, "'score' of .*toy' cannot answer: .*3"),
        ("zeta", {"pictures": [b"no picture"]}, "Picture 0 cannot be read as a PNG or JPEG"),
        ("topics", {"texts": ["good", "bad \udce9"]}, "Text 1 is not UTF-8"),
        ("topics", {"texts": [b"caf\xe9"]}, "Text 0 is not UTF-8"),
    ],
)
def test_bad_input_is_refused(tasks, task, given, message):
    with pytest.raises(ValueError, match=message):
        tasks.predict(task, **given)


def test_unreadable_pictures_are_named(tasks, files, tmp_path):
    cut = tmp_path / "cut.png"
    cut.write_bytes(pathlib.Path(files[0]).read_bytes()[:60])
    (tmp_path / "notes.jpg").write_text("no picture")
    for name, message in {
        "cut.png": "cannot be read as a PNG or JPEG picture",
        "notes.jpg": "cannot be read as a PNG or JPEG picture",
        "absent.png": "cannot be read: No such file",
    }.items():
        with pytest.raises(ValueError, match=f"Picture file '.*{name}' {message}"):
            tasks.predict("zeta", pictures=[*files, tmp_path / name])


def test_text_files(tmp_path):
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_bytes(b"\xef\xbb\xbffirst\r\n\n  \nsecond \xc4\x8d\n")
    bad.write_bytes("one\ncafé\n".encode("latin-1"))
    assert saved.read_texts(good) == ["first", "second č"]
    with pytest.raises(ValueError, match=r"Line 2 of text file '.*bad\.txt' is not UTF-8"):
        saved.read_texts(bad)
    with pytest.raises(ValueError, match=r"Text file '.*none\.txt' cannot be read: No such file"):
        saved.read_texts(tmp_path / "none.txt")


def test_a_task_whose_pictures_no_file_can_hold(tmp_path):
    x = keras.Input((4, 4, 2), name="x")
    model = mtl.MultiTaskModel(x, {"t": keras.layers.Dense(2)(keras.layers.Flatten()(x))})
    model.export(tmp_path / "x")
    tasks = saved.load(tmp_path / "x")
    assert len(tasks.predict("t", pictures=pictures(2, 9, 9, 2))[0]) == 2
    with pytest.raises(ValueError, match="No picture file has the 2 channels"):
        tasks.predict("t", pictures=[tf.io.encode_png(pictures(4, 4, 3)).numpy()])


# ------------------------------------------------------- what is no export


def test_what_is_no_export_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"There is no export '.*nothing'"):
        saved.load(tmp_path / "nothing")
    with pytest.raises(ValueError, match="is no export of mtl_keras"):
        saved.load(tmp_path)
    tf.saved_model.save(tf.Module(), str(tmp_path / "other"))
    with pytest.raises(ValueError, match="other' is no export of mtl_keras"):
        saved.load(tmp_path / "other")


@pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.data-00000-of-00001"])
@pytest.mark.parametrize("damage", ["cut", "flip", "remove"])
def test_damaged_files_are_refused_by_name(copy, name, damage):
    file = copy / name
    data = bytearray(file.read_bytes())
    if damage == "remove":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(data[: len(data) // 2])
    else:
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    with pytest.raises(ValueError, match=f"The export '.*copy' is damaged: {name}"):
        saved.load(copy)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 1, "files": 3}'])
def test_damaged_labels_are_refused(copy, content):
    (copy / "labels.json").write_text(content)
    with pytest.raises(ValueError, match=r"copy' is damaged: labels\.json"):
        saved.load(copy)


def test_labels_of_another_export_are_refused(copy):
    text = (copy / "labels.json").read_text()
    (copy / "labels.json").write_text(text.replace('"zeta_encoded"', '"gone_encoded"'))
    with pytest.raises(ValueError, match="copy' is damaged: KeyError"):
        saved.load(copy)


def test_a_later_format_is_refused(copy):
    text = (copy / "labels.json").read_text()
    (copy / "labels.json").write_text(text.replace('"format": 1', '"format": 2'))
    with pytest.raises(ValueError, match="is of format 2, which needs a later mtl_keras"):
        saved.load(copy)


def test_a_changed_model_card_is_no_damage(copy):
    (copy / "model_card.md").write_text("Mine.")
    assert saved.load(copy).predict("topics", texts=TEXTS)[0]


def test_needs_neither_keras_nor_the_model(path, tmp_path):
    script = """
import sys
class Hiding:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("keras", "tf_keras") or name == "mtl_keras.model":
            return None
        return self.finder.find_spec(name, path, target)
sys.meta_path[:] = [Hiding(finder) for finder in sys.meta_path]
from mtl_keras import saved
print(saved.load(sys.argv[1]).predict("topics", texts=["red dog"])[0])
assert "keras" not in sys.modules
"""
    here = pathlib.Path(mtl.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", script, path],
        env={**os.environ, "PYTHONPATH": str(here)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip() == str(saved.load(path).predict("topics", texts=["red dog"])[0])
