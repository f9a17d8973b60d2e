import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.evaluation import results
from mtl_keras.evaluation.statistics import interval


def test_plain_is_json():
    value = {
        "array": np.arange(4).reshape(2, 2),
        "scalar": np.float32(0.5),
        "tensor": tf.constant([1.0, float("nan")]),
        "interval": interval([1.0]),
        7: (True, None, float("inf"), Path("a")),
    }
    expected = {
        "array": [[0, 1], [2, 3]],
        "scalar": 0.5,
        "tensor": [1.0, None],
        "interval": {"mean": 1.0, "low": None, "high": None},
        "7": [True, None, None, "a"],
    }
    found = results.plain(value)
    assert found == expected
    assert json.loads(json.dumps(found, allow_nan=False)) == expected


def test_write_and_read(tmp_path):
    path = tmp_path / "new" / "run.json"
    results.write(path, {"score": 0.5, "name": "größe"})
    assert results.read(path) == {"score": 0.5, "name": "größe"}
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_leaves_the_earlier_file(tmp_path, monkeypatch):
    path = tmp_path / "run.json"
    results.write(path, {"score": 1})

    def full(self, text, **kwargs):
        self.open("w").write(text[:5])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        results.write(path, {"score": 2})
    assert results.read(path) == {"score": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "run.json"
    path.write_text('{"score":')
    with pytest.raises(ValueError, match=r"run\.json.*damaged.*Delete it"):
        results.read(path)


def sequential(units=3, **options):
    x = keras.Input((4,))
    h = keras.layers.Dense(units, **options)(x)
    return keras.Model(x, keras.layers.Dropout(0.5)(keras.layers.Dense(2)(h)))


def test_fingerprint_is_of_the_architecture_alone():
    first = results.fingerprint(sequential())
    keras.layers.Dense(1)  # another name for the layers to come
    assert results.fingerprint(sequential()) == first
    others = [sequential(4), sequential(activation="relu"), sequential(kernel_regularizer="l2")]
    assert len({first, *map(results.fingerprint, others)}) == 4


SCRIPT = """
import keras
from mtl_keras.evaluation import results
x = keras.Input((4,))
h = keras.layers.Dense(3)(x)
model = keras.Model(x, keras.layers.Dropout(0.5)(keras.layers.Dense(2)(h)))
print(results.fingerprint(model))
"""


def test_fingerprint_is_the_same_in_another_process():
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert run.stdout.split()[-1] == results.fingerprint(sequential())


def test_environment_is_json():
    assert results.versions()["keras"] == keras.__version__
    assert results.machine()["cores"] >= 1
    assert results.plain(results.machine()) == results.machine()
