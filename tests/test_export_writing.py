"""Writing an export: nothing is lost or half written."""

import os
import pathlib
import sys

import keras
import pytest
import tensorflow as tf

import mtl_keras as mtl
from mtl_keras import export as exports
from mtl_keras import model_card


def tiny(bias=0.0):
    x = keras.Input((2,), name="x")
    head = keras.layers.Dense(2, bias_initializer=keras.initializers.Constant(bias))
    return mtl.MultiTaskModel(x, {"t": head(x)})


def contents(folder):
    return {
        path.relative_to(folder): path.read_bytes() if path.is_file() else None
        for path in sorted(pathlib.Path(folder).rglob("*"))
    }


def test_existing_path_is_refused_unless_overwritten(tmp_path):
    path = tmp_path / "deep" / "down" / "export"
    tiny().export(path)
    before = contents(path)
    with pytest.raises(ValueError, match=r"holds something already.*overwrite=True"):
        tiny().export(path)
    assert contents(path) == before
    tiny(bias=5.0).export(path, overwrite=True)
    assert contents(path) != before
    assert os.listdir(path.parent) == ["export"]
    assert oct(path.stat().st_mode) == oct(path.parent.stat().st_mode)


def test_an_empty_folder_is_free(tmp_path):
    (tmp_path / "export").mkdir()
    tiny().export(str(tmp_path / "export"))
    assert (tmp_path / "export" / "saved_model.pb").is_file()


@pytest.mark.parametrize("folder", [True, False])
def test_overwrite_touches_nothing_but_exports(tmp_path, folder):
    path = tmp_path / "thesis"
    path.mkdir() if folder else path.write_text("years of work")
    if folder:
        (path / "chapter.txt").write_text("years of work")
    with pytest.raises(ValueError, match="no SavedModel; it is not overwritten"):
        tiny().export(path, overwrite=True)
    assert os.listdir(tmp_path) == ["thesis"]
    assert path.is_dir() == folder


@pytest.mark.parametrize(
    ("where", "error", "raised"),
    [
        ((tf.saved_model, "save"), tf.errors.ResourceExhaustedError(None, None, "disk"), OSError),
        ((exports, "checksums"), OSError(28, "No space left on device"), OSError),
        ((model_card, "to_markdown"), KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
@pytest.mark.parametrize("earlier", [True, False])
def test_a_failure_leaves_the_earlier_export_whole(
    tmp_path, monkeypatch, where, error, raised, earlier
):
    path = tmp_path / "export"
    if earlier:
        tiny().export(path)
    before = contents(tmp_path)

    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(*where, fail)
    with pytest.raises(raised):
        tiny(bias=3.0).export(path, overwrite=True)
    assert contents(tmp_path) == before


def test_a_failed_rename_puts_the_earlier_export_back(tmp_path, monkeypatch):
    path = tmp_path / "export"
    tiny().export(path)
    before, rename = contents(tmp_path), os.rename

    def fail_once(source, target):
        if str(target) == str(path) and not str(source).endswith(".earlier"):
            raise OSError(5, "Input/output error")
        rename(source, target)

    monkeypatch.setattr(os, "rename", fail_once)
    with pytest.raises(OSError, match=r"export' could not be written: .*Input/output error"):
        tiny(bias=3.0).export(path, overwrite=True)
    assert contents(tmp_path) == before


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_a_full_disk(tmp_path, monkeypatch):
    # The card cannot be written: its place is a link to the device that is always full.
    monkeypatch.setattr(
        exports, "checksums", lambda folder: os.symlink("/dev/full", folder / "model_card.md") or {}
    )
    with pytest.raises(OSError, match="No space left"):
        tiny().export(tmp_path / "export")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("card", [["data"], {"signatures": {}}])
def test_bad_cards_are_refused_before_anything_is_written(tmp_path, card):
    with pytest.raises(ValueError, match="Argument `card`"):
        tiny().export(tmp_path / "export", card=card)
    assert os.listdir(tmp_path) == []


def test_describe_makes_the_card_of_a_data_object():
    class Data:
        sources = {"digits": "mnist"}
        examples = {"digits": {"train": 5, "validation": 1, "test": 2, "official_train": None}}

    card = model_card.describe(Data, {"loss": 1.0})
    assert card["data"]["digits"]["set"] == "mnist"
    assert card["data"]["digits"]["train"] == 5
    assert card["metrics"] == {"loss": 1.0}
