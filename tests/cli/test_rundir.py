"""The files of a run."""

import json

import keras
import pytest

from mtl_keras.cli import rundir
from mtl_keras.cli.console import Failure

OPTIONS = {"tasks": {"digits": "mnist"}, "epochs": 10, "batch_size": 128, "image_size": [8, 8]}


@pytest.fixture
def directory(tmp_path):
    made = rundir.RunDirectory(tmp_path / "run")
    made.check(OPTIONS)
    made.make(OPTIONS, {"data_dir": None})
    return made


def test_the_same_options_go_on(directory):
    same = {**OPTIONS, "image_size": (8, 8)}
    directory.check(same)
    directory.make(same, {"data_dir": "elsewhere"})
    assert directory.read_config() == {"options": OPTIONS, "data_dir": None}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 20}, "another --epochs: 10; received 20"),
        ({"batch_size": 64}, "another --batch-size: 128; received 64"),
        ({"tasks": {"digits": "kmnist"}}, "another set of tasks"),
    ],
)
def test_other_options_are_refused_by_name(directory, change, message):
    with pytest.raises(ValueError, match=f"{message}.*--overwrite"):
        directory.check({**OPTIONS, **change})


def test_the_order_of_tasks_counts(tmp_path):
    directory = rundir.RunDirectory(tmp_path / "run")
    directory.make({"tasks": {"a": "mnist", "b": "mnist"}}, {})
    with pytest.raises(ValueError, match="another set of tasks"):
        directory.check({"tasks": {"b": "mnist", "a": "mnist"}})


def test_overwrite_removes_the_run_and_nothing_else(directory):
    directory.plots.mkdir()
    directory.model.write_text("old")
    (directory.path / "notes.txt").write_text("mine")
    directory.check({**OPTIONS, "epochs": 20}, overwrite=True)
    directory.make({**OPTIONS, "epochs": 20}, {}, overwrite=True)
    assert directory.read_config()["options"]["epochs"] == 20
    assert sorted(p.name for p in directory.path.iterdir()) == ["config.json", "notes.txt"]


def test_a_directory_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(ValueError, match="no run of `train`"):
        rundir.RunDirectory(tmp_path).check(OPTIONS, overwrite=True)


def test_a_damaged_config_is_named(directory):
    directory.config.write_text("{")
    with pytest.raises(ValueError, match=r"config\.json' is damaged"):
        directory.read_config()
    directory.config.write_text(json.dumps({"epochs": 1}))
    with pytest.raises(ValueError, match=r"config\.json' is damaged"):
        directory.read_config()


def test_what_holds_no_run_is_named(tmp_path):
    with pytest.raises(ValueError, match="holds no run"):
        rundir.RunDirectory(tmp_path).read_config()


def test_history(directory):
    directory.write_history({"loss": [2.0, 1.0], "seconds": [3, 4]})
    assert directory.history.read_text().splitlines() == [
        "epoch,loss,seconds",
        "1,2.0,3",
        "2,1.0,4",
    ]


def test_models_that_cannot_be_loaded(tmp_path):
    with pytest.raises(ValueError, match="There is no model file"):
        rundir.load_model(tmp_path / "model.keras")
    (tmp_path / "damaged.keras").write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(Failure, match=r"damaged\.keras' cannot be loaded"):
        rundir.load_model(tmp_path / "damaged.keras")
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(tmp_path / "plain.keras")
    with pytest.raises(Failure, match="holds no multi-task model, but a Sequential"):
        rundir.load_model(tmp_path / "plain.keras")
