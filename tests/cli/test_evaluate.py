"""Testing a trained model again."""

import csv
import json
import shutil

import pytest

from mtl_keras.cli import main
from mtl_keras.data import samples


def test_a_run_gives_its_own_results_again(run_dir, tmp_path, capsys):
    assert main(["evaluate", str(run_dir), "--json", "--out", str(tmp_path / "again")]) == 0
    found = json.loads(capsys.readouterr().out)
    before = json.loads((run_dir / "metrics.json").read_text())
    for key, value in before["test"].items():
        assert found["test"][key] == pytest.approx(value, abs=1e-6)
    assert found["tasks"]["digits"]["confusion"] == before["tasks"]["digits"]["confusion"]
    assert json.loads((tmp_path / "again" / "metrics.json").read_text()) == found
    assert (tmp_path / "again" / "plots" / "confusion_matrices.png").exists()


def test_a_model_file_on_other_data_uses_the_vocabulary_it_was_trained_with(
    run_dir, tmp_path, capsys
):
    inputs, labels = samples.load("headlines")["test"]
    names = samples.load("headlines")["class_names"]["label"]
    with (tmp_path / "headlines.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label", "split"])
        rows.writerow(["words that nobody trained with", "business", "train"])
        rows.writerows((t, names[n], "test") for t, n in zip(inputs["text"], labels["label"]))
    model = tmp_path / "model.keras"
    shutil.copy(run_dir / "model.keras", model)
    sets = ["digits=sample/digits", f"topics={tmp_path / 'headlines.csv'}"]
    assert main(["evaluate", str(model), *sets, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    before = json.loads((run_dir / "metrics.json").read_text())
    assert found["test"]["topics_loss"] == pytest.approx(before["test"]["topics_loss"], abs=1e-5)


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (["digits=sample/digits"], "'topics' of the model has no data: give topics=SET"),
        (["digits=sample/digits", "topcs=sample/headlines"], "Unknown task 'topcs'. Did you mean"),
        (["digits=sample/digits", "topics=sample/drawings"], "the classes of the model are"),
    ],
)
def test_data_that_do_not_fit(run_dir, capsys, sets, message):
    assert main(["evaluate", str(run_dir), *sets]) == 2
    assert message in capsys.readouterr().err


def test_what_is_no_model(run_dir, tmp_path, capsys):
    assert main(["evaluate", str(tmp_path)]) == 2
    assert "holds no run" in capsys.readouterr().err
    shutil.copytree(run_dir, tmp_path / "run")
    (tmp_path / "run" / "model.keras").write_bytes(b"PK")
    assert main(["evaluate", str(tmp_path / "run")]) == 1
    assert "model.keras' cannot be loaded" in capsys.readouterr().err
