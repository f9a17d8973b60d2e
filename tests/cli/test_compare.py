"""Joint and single-task training compared."""

import json

import pytest

from mtl_keras.cli import main

TABLES = ["a", "b"]


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Two small sets of texts."""
    folder = tmp_path_factory.mktemp("tables")
    for number, name in enumerate(TABLES):
        rows = [f"{'good' if i % 2 else 'bad'} film {i % (7 + number)},{i % 2}" for i in range(80)]
        (folder / f"{name}.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
    return [f"{name}={folder / name}.csv" for name in TABLES]


def _compare(tables, out, *arguments):
    small = ["--batch-size", "16", "--epochs", "1", "--text-width", "4"]
    return main(["compare", *tables, *small, "--out", str(out), *arguments])


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("out")


def test_one_weighting(tables, out, capsys):
    assert _compare(tables, out, "--seeds", "1") == 0
    printed = capsys.readouterr()
    assert "delta-m" in printed.out
    assert "| a | accuracy |" in printed.out
    assert "multi-seed1" in printed.err
    assert "epoch 1/1" in printed.err
    found = json.loads((out / "comparison.json").read_text())
    assert list(found["table"]["tasks"]) == TABLES
    assert (out / "plots" / "task_bars.png").exists()


def test_several_weightings_share_the_single_task_runs(tables, out, capsys):
    """And in a directory in which some of the runs are done, those are read."""
    several = ["--weighting", "none", "pcgrad", "--jacobian", "every=2", "--seeds", "1"]
    assert _compare(tables, out, *several, "--quiet") == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert [line.split()[0] for line in printed.out.splitlines()[:4]] == [
        "weighting", "single-task", "none", "pcgrad",
    ]  # fmt: skip
    assert "s/step" in printed.out.splitlines()[0]
    assert len(list((out / "runs").glob("single-*"))) == 2
    assert len(list((out / "runs").glob("multi-*"))) == 2
    found = json.loads((out / "pcgrad" / "comparison.json").read_text())
    assert found["table"]["seeds"] == [1]
    runs = [json.loads(path.read_text()) for path in (out / "runs").glob("*.json")]
    looks = [run["configuration"]["jacobian"] for run in runs if "jacobian" in run["configuration"]]
    assert looks == [{"at": None, "every": 2, "fraction": 1.0}]


@pytest.mark.full  # `tests/evaluation/test_static_weights.py` tunes
def test_constant_weights_are_tuned_and_make_a_row(tables, tmp_path, capsys):
    assert _compare(tables, tmp_path, "--tune-static", "2", "--quiet") == 0
    rows = [line.split()[0] for line in capsys.readouterr().out.splitlines()[:4]]
    assert rows[:3] == ["weighting", "single-task", "none"]
    assert rows[3].startswith("tuned_a=")
    assert len(list((tmp_path / "runs").glob("multi-*"))) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--weighting", "pcgrat"], "Unknown weighting 'pcgrat'. Did you mean 'pcgrad'?"),
        (["--jacobian", "feature"], "Did you mean 'features'?"),
        (["--jacobian", "every=0"], "must be a whole number >= 1"),
        (["--seeds", "0,0"], "must be different numbers"),
        (["--validation", "0"], "must have validation rows"),
    ],
)
def test_bad_input(tables, tmp_path, capsys, arguments, message):
    assert _compare(tables, tmp_path, *arguments) == 2
    assert message in capsys.readouterr().err
