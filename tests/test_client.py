"""A process without keras and mtl_keras reads the export."""

import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tensorflow as tf
import toy_fused
from toy_export import TITLES, close, expected, exported, pictures, softmax, text

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
def client(tmp_path_factory):
    """(answers, what saved_model_cli printed, folder) of a process without keras."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "client.py").write_text(textwrap.dedent(CLIENT))
    np.savez(folder / "raw.npz", image=pictures(3, 9, 9, 1), texts=np.array(TITLES))
    np.save(folder / "image.npy", pictures(3, 9, 9, 1))
    (folder / "small.png").write_bytes(tf.io.encode_png(pictures(8, 6, 3)).numpy())
    (folder / "large.jpg").write_bytes(tf.io.encode_jpeg(pictures(21, 10, 3)).numpy())
    done = subprocess.run(
        [sys.executable, "client.py", exported()[1], toy_fused.exported()[1], "."],
        cwd=folder,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "answers.json").read_text()), done.stdout, folder


def test_client_without_keras_gets_the_same_answers(client):
    answers, _, folder = client
    model, path = exported()
    served = tf.saved_model.load(path).signatures
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


def test_saved_model_cli_shows_and_runs(client):
    _, printed, folder = client
    assert "signature_def['zeta_encoded']" in printed
    assert "inputs['image_bytes'] tensor_info" in printed
    assert "outputs['zeta_probabilities'] tensor_info" in printed
    assert "Result for output key label" in printed
    texts = tf.constant(["big", "red dog", "small"])
    served = tf.saved_model.load(exported()[1]).signatures
    answer = served["match"](image=tf.constant(pictures(3, 9, 9, 1)), text=texts)
    close(np.load(folder / "probabilities.npy"), answer["probabilities"])
