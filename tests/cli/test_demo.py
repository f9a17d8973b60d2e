"""The demonstration, with fewer tasks and a smaller model."""

import json

import pytest

from mtl_keras.cli import demo, main


@pytest.fixture
def small(monkeypatch):
    for name, value in (
        ("WIDTH", 2),
        ("EPOCHS", 1),
        ("HEAD_EPOCHS", 1),
        ("BATCH_SIZE", 64),
        ("ASKED", 2),
        ("EXAMPLES", 256),
    ):
        monkeypatch.setattr(demo, name, value)
    monkeypatch.setattr(demo, "SETS", {k: demo.SETS[k] for k in ("topics", "match")})


def test_demo(small, tmp_path, capsys):
    out = tmp_path / "demo"
    assert main(["demo", "--out", str(out), "--json"]) == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert list(found["comparison"]["tasks"]) == ["topics", "match"]
    assert set(found["match_from_one_part"]) == {"picture", "caption"}
    assert [row["task"] for row in found["answers"]] == ["match", "match", "topics"]
    assert all(0.25 <= row["probability"] <= 1 for row in found["answers"])
    assert (out / "export" / "saved_model.pb").exists()
    assert (out / "comparison.json").exists()
    assert {path.stem for path in (out / "plots").iterdir()} >= {"model", "task_bars"}
    assert len(list((out / "pictures").iterdir())) == 2
    assert "epoch 1/1" in printed.err
    assert "Done in" in printed.err


def test_the_options_are_checked(capsys):
    assert main(["demo", "--seed", "-1"]) == 2
    assert "--seed: must be a whole number" in capsys.readouterr().err
