"""The command that runs the articles' experiments."""

import json

import pytest
from experiments import toy_experiment

from mtl_keras import experiments
from mtl_keras.cli import main


@pytest.fixture
def _toys(monkeypatch):
    """Every experiment is the toy, which takes no time."""
    monkeypatch.setattr(experiments, "get", lambda name: toy_experiment.MODULE)


@pytest.mark.usefixtures("_toys")
def test_one_experiment(tmp_path, capsys):
    command = ["reproduce", "image_text", "--out", str(tmp_path), "--seeds", "0,1"]
    assert main(command) == 0
    printed = capsys.readouterr()
    assert "C1     article: a, joint minus alone  supported" in printed.out
    assert "[1/8] toy_experiment, article joint, seed 0" in printed.err
    assert "left out" in printed.err
    folder = tmp_path / "image_text"
    assert (folder / "report-smoke.html").exists()
    assert (folder / "report-smoke.md").read_text().startswith("# A toy")


@pytest.mark.usefixtures("_toys")
def test_all_as_json_and_quiet(tmp_path, capsys):
    assert main(["reproduce", "all", "--out", str(tmp_path), "--json", "--quiet"]) == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert list(found) == list(experiments.ARTICLES)
    assert found["image_mlp"][0]["claim"] == "C1"
    assert printed.err == ""


@pytest.mark.usefixtures("_toys")
def test_some_variants(tmp_path, capsys):
    command = ["reproduce", "image_text", "--out", str(tmp_path), "--only", "again"]
    assert main(command) == 0
    assert "[1/1] toy_experiment, again joint" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["image_texts"], "invalid choice"),
        (["image_text", "--scale", "huge"], "invalid choice"),
        (["image_text", "--only", "artcle"], "Did you mean 'article'?"),
        (["image_text", "--seeds", "0,0"], "must be different numbers"),
    ],
)
def test_bad_input(tmp_path, capsys, arguments, message):
    assert main(["reproduce", *arguments, "--out", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
