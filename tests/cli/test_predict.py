"""Questions to an export."""

import json

import keras
import pytest
import toy_fused

from mtl_keras import saved
from mtl_keras.cli import main
from mtl_keras.data import samples


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Two digits as files of different sizes."""
    folder = tmp_path_factory.mktemp("pictures")
    inputs, _ = samples.load("digits")["test"]
    paths = [str(folder / f"{row}.png") for row in range(2)]
    keras.utils.save_img(paths[0], inputs["image"][0], scale=False)
    keras.utils.save_img(paths[1], inputs["image"][1].repeat(2, 0).repeat(2, 1), scale=False)
    return paths


def test_pictures(export_dir, pictures, capsys):
    assert main(["predict", str(export_dir), "--task", "digits", *pictures]) == 0
    labels, probabilities = saved.load(export_dir).predict("digits", pictures=pictures)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["picture", "label", "probability"]
    for line, path, label, row in zip(lines[1:], pictures, labels, probabilities):
        assert line.split() == [path, label, f"{max(row):.3f}"]


def test_texts_from_everywhere(export_dir, tmp_path, capsys):
    file = tmp_path / "headlines.txt"
    file.write_text("rates rise\n\nthe cup final\n")
    command = ["predict", str(export_dir), "--task", "topics", "--json", "--text", "a new comet"]
    assert main([*command, "an opera opens", str(file)]) == 0
    found = json.loads(capsys.readouterr().out)
    texts = ["a new comet", "an opera opens", "rates rise", "the cup final"]
    assert [row["text"] for row in found] == texts
    labels, probabilities = saved.load(export_dir).predict("topics", texts=texts)
    assert [row["label"] for row in found] == labels
    for row, expected in zip(found, probabilities):
        assert list(row["probabilities"].values()) == pytest.approx(expected.tolist())
        assert row["probability"] == max(row["probabilities"].values())


def test_a_picture_or_a_text_alone(pictures, capsys):
    export = toy_fused.exported()[1]
    for given in (pictures, ["red dog", "cat"]):
        assert main(["predict", export, "--task", "fit", "--json", *given]) == 0
        found = json.loads(capsys.readouterr().out)
        key = "picture" if given is pictures else "text"
        assert [row[key] for row in found] == given
        labels, _ = saved.load(export).predict("fit", **{f"{key}s": given})
        assert [row["label"] for row in found] == labels


@pytest.mark.parametrize(
    ("task", "given", "message"),
    [
        ("topcs", ["x"], "Unknown task 'topcs'. Did you mean 'topics'?"),
        ("topics", [], "Task 'topics' takes text; none was given."),
        ("digits", [], "takes picture files; none was given"),
        ("digits", ["--text", "seven"], "takes no texts"),
        ("digits", ["nowhere.png"], "'nowhere.png' cannot be read"),
        ("topics", ["nowhere.txt"], "'nowhere.txt' cannot be read"),
    ],
)
def test_bad_questions(export_dir, capsys, task, given, message):
    assert main(["predict", str(export_dir), "--task", task, *given]) == 2
    assert message in capsys.readouterr().err


def test_unreadable_files(export_dir, tmp_path, capsys):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nothing")
    (tmp_path / "latin.txt").write_bytes("déjà vu".encode("latin-1"))
    assert main(["predict", str(export_dir), "--task", "digits", str(tmp_path / "broken.png")]) == 2
    assert "broken.png' cannot be read as a PNG or JPEG" in capsys.readouterr().err
    assert main(["predict", str(export_dir), "--task", "topics", str(tmp_path / "latin.txt")]) == 2
    assert "latin.txt' is not UTF-8" in capsys.readouterr().err


def test_no_export(tmp_path, capsys):
    assert main(["predict", str(tmp_path / "nowhere"), "--task", "topics", "x"]) == 2
    assert "There is no export" in capsys.readouterr().err
