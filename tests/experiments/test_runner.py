"""Plans that are carried out, interrupted and read again."""

import json

import pytest

from mtl_keras.experiments import runner

from . import toy_experiment


@pytest.fixture(autouse=True)
def _nothing_done():
    toy_experiment.DONE.clear()


def reproduce(out, **options):
    lines = []
    options = {"seeds": [0, 1], "out": out, "say": lines.append, **options}
    return runner.run(toy_experiment.MODULE, **options), lines


def test_each_configuration_and_seed_is_run_once_and_kept(tmp_path):
    results, lines = reproduce(tmp_path)
    assert toy_experiment.DONE == [
        (["a", "b"], 0), (["a"], 0), (["b"], 0), (["a", "b"], 1), (["a"], 1), (["b"], 1),
    ]  # fmt: skip
    files = list((tmp_path / "toy_experiment" / "runs").glob("*.json"))
    assert len(files) == 6
    found = json.loads(files[0].read_text())
    assert {"experiment", "scale", "seed", "settings", "versions", "machine", "examples"} <= set(
        found
    )
    assert results.runs["again"]["joint"] == results.runs["article"]["joint"]
    assert lines[0].startswith("[1/8] toy_experiment, article joint, seed 0: a 0.9, b 0.9, 3 s; ")
    assert lines[0].endswith(" left")


def test_what_is_there_is_not_run_again(tmp_path):
    first, _ = reproduce(tmp_path, seeds=[0])
    toy_experiment.DONE.clear()
    second, lines = reproduce(tmp_path, seeds=[0])
    assert toy_experiment.DONE == []
    assert second.runs == first.runs
    assert "is there" in lines[0]


def test_an_interrupted_plan_goes_on_where_it_stopped(tmp_path, monkeypatch):
    def stop(settings, seed, data, folder):
        if settings["tasks"] == ["b"]:
            raise KeyboardInterrupt
        return whole(settings, seed, data, folder)

    whole = toy_experiment.run
    monkeypatch.setattr(toy_experiment, "run", stop)
    with pytest.raises(KeyboardInterrupt):
        reproduce(tmp_path)
    monkeypatch.undo()
    assert len(toy_experiment.DONE) == 2
    results, _ = reproduce(tmp_path)
    assert len(toy_experiment.DONE) == 6
    assert results.has("article", "joint", "a alone", "b alone")


def test_rows_without_data_are_left_out_with_the_reason(tmp_path):
    results, lines = reproduce(tmp_path, only=["elsewhere"])
    assert results.runs == {}
    assert all("left out: Data set 'far' is not there." in line for line in lines)


def test_results_can_be_read_alone(tmp_path):
    results, _ = reproduce(tmp_path)
    read = runner.read(toy_experiment.MODULE, seeds=[0, 1, 7], out=tmp_path)
    assert read.runs == results.runs


def test_unknown_variant_runs_nothing(tmp_path):
    with pytest.raises(ValueError, match=r"variant 'articel'. Did you mean 'article'\?"):
        reproduce(tmp_path, only=["articel"])
    assert toy_experiment.DONE == []
