"""Which data sets there are, and what they hold."""

import json

from mtl_keras.cli import main


def test_the_bundled_sets_and_an_empty_folder(tmp_path, capsys):
    assert main(["data", "--data-dir", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    rows = [line.split() for line in printed.out.splitlines()]
    assert ["sample/headlines", "2,395", "400"] in rows
    assert f"No sets of TensorFlow Datasets in {tmp_path}" in printed.err


def test_prepared_sets(tfds_dir, capsys):
    assert main(["data", "--data-dir", tfds_dir("mnist"), "--json"]) == 0
    sets = {row["set"]: row for row in json.loads(capsys.readouterr().out)["sets"]}
    assert sets["mnist"] == {
        "set": "mnist", "train": 60_000, "test": 10_000, "official_train": 60_000,
    }  # fmt: skip


def test_one_set(capsys):
    assert main(["data", "sample/digits", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["splits"]["test"]["rows"] == 360
    assert found["splits"]["test"]["inputs"] == {"image": "28 x 28 x 1 pictures"}
    assert found["labels"]["label"]["rows"]["test"] == [36] * 10


def test_a_table_of_several_labels(tmp_path, capsys):
    path = tmp_path / "films.csv"
    path.write_text("text,funny,sad\n" + "ha,1,0\noh,0,1\nwell,,1\n" * 10)
    assert main(["data", f"{path}#funny"]) == 0
    printed = capsys.readouterr().out
    assert "texts such as" in printed
    assert "funny: class" in printed


def test_unknown_sets_and_folders(capsys):
    assert main(["data", "sample/digts"]) == 2
    assert "Did you mean 'sample/digits'?" in capsys.readouterr().err
    assert main(["data", "--data-dir", "/no/such/folder"]) == 2
    assert "'/no/such/folder' is no directory" in capsys.readouterr().err
