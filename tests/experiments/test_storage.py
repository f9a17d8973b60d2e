"""Files of results."""

import json

import numpy as np
import pytest

from mtl_keras.evaluation import results
from mtl_keras.experiments import storage

RUN = {
    "seed": 1,
    "tasks": {"a": {"metric": "accuracy", "score": np.float32(0.1), "samples": {"index": [1]}}},
    "test": {"a_loss": 1.0},
    "history": {"a_loss": [1.0], "val_a_accuracy": [0.123456789], "val_mean_score": [None]},
}


def test_a_file_reads_back_as_what_is_kept(tmp_path):
    storage.write(tmp_path / "runs" / "one.json", RUN)
    assert results.read(tmp_path / "runs" / "one.json") == {
        "seed": 1,
        "tasks": {"a": {"metric": "accuracy", "score": 0.1}},
        "history": {"val_a_accuracy": [0.123457], "val_mean_score": [None]},
    }
    assert RUN["tasks"]["a"]["samples"] == {"index": [1]}


def test_several_models_keep_a_curve_each():
    found = storage.small({**RUN, "history": [RUN["history"], RUN["history"]]})
    assert [list(each) for each in found["history"]] == [["val_a_accuracy", "val_mean_score"]] * 2


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "one.json"
    storage.write(path, {"seed": 0})
    monkeypatch.setattr(results.os, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        storage.write(path, {"seed": 1})
    assert json.loads(path.read_text()) == {"seed": 0}
    assert [p.name for p in tmp_path.iterdir()] == ["one.json"]
