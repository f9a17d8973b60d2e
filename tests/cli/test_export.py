"""The export of a run."""

import json

from mtl_keras.cli import main


def test_the_card_says_data_and_metrics(run_dir, export_dir):
    about = json.loads((export_dir / "labels.json").read_text())
    found = json.loads((run_dir / "metrics.json").read_text())
    assert about["data"]["topics"]["set"] == "sample/headlines"
    assert about["data"]["topics"]["train"] == 64
    assert about["metrics"]["topics_accuracy"] == found["tasks"]["topics"]["score"]
    assert "sample/headlines" in (export_dir / "model_card.md").read_text()


def test_an_export_that_is_there_is_refused(run_dir, export_dir, capsys):
    assert main(["export", str(run_dir), "--out", str(export_dir)]) == 2
    assert "holds something already" in capsys.readouterr().err


def test_overwrite_replaces_it(run_dir, export_dir, capsys):
    before = (export_dir / "labels.json").stat().st_mtime_ns
    assert main(["export", str(run_dir), "--out", str(export_dir), "--overwrite"]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{export_dir}\n"
    assert "mtl-keras predict" in printed.err
    assert (export_dir / "labels.json").stat().st_mtime_ns > before


def test_what_is_no_finished_run(tmp_path, capsys):
    assert main(["export", str(tmp_path), "--out", str(tmp_path / "export")]) == 2
    assert "holds no run" in capsys.readouterr().err
    (tmp_path / "config.json").write_text('{"options": {"tasks": {}}}')
    assert main(["export", str(tmp_path), "--out", str(tmp_path / "export")]) == 2
    assert "is not finished" in capsys.readouterr().err
