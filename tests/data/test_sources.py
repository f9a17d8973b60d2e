import pathlib

import pytest

from mtl_keras.data import Source, sources


def test_tasks_and_columns():
    assert Source("trec").columns() is None
    assert Source("trec", labels="label-fine").tasks("kind") == {"kind": "label-fine"}
    several = Source("x", labels={"mood": ["sad", "glad"], "tone": "tone"})
    assert several.columns() == [("sad", "glad"), "tone"]
    assert list(several.tasks("any")) == ["mood", "tone"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": ""}, "`name` must be the name of a data set or a path"),
        ({"name": 3}, "Received: name=3"),
        ({"labels": {}}, "`labels` must name at least one task"),
        ({"image_size": 32}, r"`image_size` must be \(height, width\)"),
        ({"image_size": (32, 0)}, r"Received: image_size=\(32, 0\)"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        Source(**{"name": "mnist", **options})


@pytest.mark.parametrize(
    ("name", "kinds"),
    [("digits", ["image"]), ("headlines", ["text"]), ("captions", ["image", "text"])],
)
def test_bundled_sets(name, kinds):
    found = sources.read(f"sample/{name}")
    assert set(found.splits) == {"train", "test"}
    assert sorted(found.splits["train"].inputs) == kinds
    found.check_labels("label", "task")


def test_reading_a_bundled_set_leaves_it_as_it_is():
    sources.read("sample/digits").splits["train"].inputs["image"] = None
    assert sources.read("sample/digits").splits["train"].inputs["image"] is not None


def test_unknown_names():
    with pytest.raises(ValueError, match=r"'sample/digts'. Did you mean 'sample/digits'"):
        sources.read("sample/digts")
    with pytest.raises(ValueError, match=r"label column of 'sample/digits' 'lable'.*'label'"):
        sources.read(Source("sample/digits", labels="lable"))


def test_a_folder_named_as_a_known_set_is_not_taken_for_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("mnist", "holiday"):
        (tmp_path / name).mkdir()
    assert not sources._is_folder("mnist")
    assert sources._is_folder("./mnist")
    assert sources._is_folder("holiday")
    assert not sources._is_folder("glue/sst2")
    assert sources._is_folder(Source(pathlib.Path("mnist")).name)
