"""Training in a run directory: what it holds, going on, and what is refused."""

import csv
import json
import shutil

import keras
import numpy as np
import pytest

from mtl_keras.cli import main, rundir

from .conftest import SMALL, TASKS


def _train(path, *arguments):
    return main(["train", *TASKS, *SMALL, "--out", str(path), *arguments])


def test_the_run_directory(run_dir):
    names = {path.name for path in run_dir.iterdir()}
    assert names == {
        "config.json", "checkpoint", "history.csv", "model.keras", "metrics.json", "plots",
    }  # fmt: skip
    config = json.loads((run_dir / "config.json").read_text())
    assert config["options"]["tasks"] == dict(task.split("=") for task in TASKS)
    rows = list(csv.DictReader((run_dir / "history.csv").open()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert float(rows[1]["val_topics_accuracy"]) >= 0
    assert float(rows[1]["cpu_seconds"]) > 0
    plots = {path.stem for path in (run_dir / "plots").iterdir()}
    assert plots == {"learning_curves", "confusion_matrices", "samples_digits", "samples_topics"}


def test_the_best_epoch_is_what_is_tested_and_saved(run_dir):
    found = json.loads((run_dir / "metrics.json").read_text())
    scores = found["history"]["val_mean_score"]
    assert found["best_epoch"] == 1 + int(np.argmax(scores))
    model = rundir.load_model(run_dir / "model.keras")
    from mtl_keras.cli import options

    data = options.load_data(json.loads((run_dir / "config.json").read_text())["options"])
    logs = model.evaluate(data.validation, return_dict=True, verbose=0)
    assert logs["mean_score"] == pytest.approx(max(scores), abs=1e-6)
    for task in model.tasks:
        assert found["tasks"][task]["score"] == found["test"][f"{task}_accuracy"]


def test_a_finished_run_is_only_reported(run_dir, capsys):
    before = (run_dir / "model.keras").stat().st_mtime_ns
    assert main(["train", *TASKS, *SMALL, "--out", str(run_dir), "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out) == json.loads((run_dir / "metrics.json").read_text())
    assert "is finished; --overwrite starts anew" in printed.err
    assert (run_dir / "model.keras").stat().st_mtime_ns == before


def test_another_configuration_is_refused(run_dir, capsys):
    changed = [*SMALL[:-1], "3"]
    assert main(["train", *TASKS, *changed, "--out", str(run_dir)]) == 2
    assert "another --epochs: 2; received 3" in capsys.readouterr().err


@pytest.mark.full
def test_an_interrupted_run_goes_on_as_if_nothing_had_been(run_dir, tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patch:

        def interrupt(self, batch, logs=None):
            if self.model.optimizer.iterations == 3:
                raise KeyboardInterrupt

        patch.setattr(rundir.Recorder, "on_train_batch_begin", interrupt)
        assert _train(tmp_path / "parts", "--checkpoint-steps", "1") == 130
    message = capsys.readouterr().err
    assert f"The last checkpoint is {tmp_path}/parts/checkpoint/checkpoint.npz" in message
    assert "the same command goes on" in message
    assert not (tmp_path / "parts" / "metrics.json").exists()

    assert _train(tmp_path / "parts") == 0
    printed = capsys.readouterr()
    assert "Going on from" in printed.err
    assert "Best epoch" in printed.err
    assert printed.out.split()[0] == "task"
    runs = [run_dir, tmp_path / "parts"]
    whole, parts = (json.loads((path / "metrics.json").read_text()) for path in runs)
    assert whole["test"] == parts["test"]
    assert whole["history"]["loss"] == parts["history"]["loss"]
    weights = [rundir.load_model(path / "model.keras").get_weights() for path in runs]
    for one, other in zip(*weights):
        np.testing.assert_array_equal(one, other)


def test_interrupted_before_the_first_checkpoint(tmp_path, monkeypatch, capsys):
    def interrupt(self, logs=None):
        raise KeyboardInterrupt

    monkeypatch.setattr(rundir.Recorder, "on_train_begin", interrupt)
    assert _train(tmp_path / "run") == 130
    assert "no checkpoint yet; the same command starts anew" in capsys.readouterr().err


def test_a_damaged_checkpoint_is_what_failed(run_dir, tmp_path, capsys):
    path = tmp_path / "run"
    shutil.copytree(run_dir, path)
    (path / "metrics.json").unlink()
    checkpoint = path / "checkpoint" / "checkpoint.npz"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    assert _train(path) == 1
    assert "checkpoint.npz is damaged" in capsys.readouterr().err


def test_one_task_alone_without_validation(tmp_path):
    path = tmp_path / "run"
    arguments = ["--only", "topics", "--validation", "0", "--label-smoothing", "0.1"]
    arguments += ["--weighting", "equal", "--optimizer", "sgd", "--schedule", "cosine"]
    command = ["train", *TASKS, *SMALL, *arguments, "--out", str(path), "--quiet"]
    assert main(command) == 0
    model = rundir.load_model(path / "model.keras")
    assert model.tasks == ["topics"]
    assert list(model.inputs_by_name) == ["topics_text"]
    assert isinstance(model.optimizer, keras.optimizers.SGD)
    assert json.loads((path / "metrics.json").read_text())["best_epoch"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["digits=sample/digts"], "Unknown data set 'sample/digts'. Did you mean 'sample/digits'?"),
        (
            ["digits=sample/digits", "--only", "digts"],
            "Unknown task 'digts'. Did you mean 'digits'?",
        ),
        (["digits=sample/digits", "--weighting", "pcgrat"], "Did you mean 'pcgrad'?"),
        (["digits=sample/digits", "--weighting", "digts=1"], "Did you mean 'digits'?"),
        (["digits=./nowhere"], "There is no folder"),
        (["digits=nowhere.csv"], "There is no file"),
        (["digits"], "must be given as TASK=SET"),
        (["digits=sample/digits", "--augment", "crop=28"], "`crop` must be less than"),
    ],
)
def test_bad_input_is_bad_usage(tmp_path, capsys, arguments, message):
    assert main(["train", *arguments, "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "run").exists()
