import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.data import Source, sources


def write(tmp_path, content, name="films.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path, **options):
    return sources.read(Source(path, **options))


def test_rows_classes_and_missing_labels(tmp_path):
    path = write(
        tmp_path,
        "text,label,split\n"
        '"good, really",good,train\nbad,bad,train\nnone,,train\n'
        "fine,good,test\nhm,bad,validation\n",
    )
    found = read(path)
    assert found.class_names == {"label": ["bad", "good"]}
    train = found.splits["train"]
    assert list(train.inputs["text"]) == ["good, really", "bad", "none"]
    np.testing.assert_array_equal(train.labels["label"], [1, 0, -1])
    assert {k: len(v) for k, v in found.splits.items()} == {"train": 3, "validation": 1, "test": 1}


def test_numbers_are_sorted_as_numbers(tmp_path):
    rows = "".join(f"t{i},{i % 12}\n" for i in range(24))
    found = read(write(tmp_path, "text,label\n" + rows))
    assert found.class_names["label"] == [str(i) for i in range(12)]


def test_tabs_quotes_and_a_byte_order_mark(tmp_path):
    path = write(tmp_path, '\ufefftext\tlabel\nso "good\tyes\nbad, bad\tno\n', "films.tsv")
    train = read(path).splits
    texts = {t for split in train.values() for t in split.inputs["text"]}
    assert texts == {'so "good', "bad, bad"}


def test_named_columns_several_tasks_and_several_labels(tmp_path):
    path = write(
        tmp_path,
        "title,body,topic,mood,sad,glad\nA,b,news,up,0,1\nC,d,sport,down,1,0\nE,f,sport,up,,1\n",
    )
    found = read(
        path,
        text=("title", "body"),
        labels={"topic": "topic", "tone": "mood", "feeling": ["sad", "glad"]},
    )
    texts = [text for split in found.splits.values() for text in split.inputs["text"]]
    assert sorted(texts) == ["A b", "C d", "E f"]
    assert found.class_names == {
        "topic": ["news", "sport"],
        "mood": ["down", "up"],
        ("sad", "glad"): ["sad", "glad"],
    }
    several = np.concatenate([s.labels[("sad", "glad")] for s in found.splits.values()])
    assert several.dtype == np.float32
    assert sorted(map(str, several.tolist())) == ["[0.0, 1.0]", "[1.0, 0.0]", "[nan, 1.0]"]


def test_pictures_by_path(tmp_path):
    for name, value in (("a.png", 0), ("b.png", 200)):
        image = np.full((4, 5, 1), value, np.uint8)
        tf.io.write_file(str(tmp_path / name), tf.io.encode_png(image))
    path = write(tmp_path, "image,text,label\na.png,dark,no\nb.png,light,yes\n")
    for split in read(path).splits.values():
        light = split.inputs["image"][0, 0, 0, 0] == 200
        assert split.inputs["image"].shape == (1, 4, 5, 1)
        assert split.inputs["text"][0] == ("light" if light else "dark")
        assert split.labels["label"][0] == light


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b"text,label\ngood,1\nb\xffd,0\n", {}, "films.csv' is not UTF-8: line 3"),
        ("text,label\ngood,1\nbad\n", {}, "films.csv', line 3: 1 cells; .* names 2 columns"),
        ('text,label\n"good,1\n', {}, "films.csv', line 2"),
        ("", {}, "films.csv' is empty"),
        ("text,label\n", {}, "films.csv' is empty"),
        ("txt,label\na,1\nb,0\n", {}, "must have a column `text` or `image`.*: txt, label"),
        ("text,lable\na,1\nb,0\n", {}, "Unknown column of .*'label'. Did you mean 'lable'"),
        ("text,label\na,1\nb,0\n", {"text": "body"}, "Unknown column of .*'body'"),
        ("text,label\na,1\nb,1\n", {}, "column 'label' must hold at least two classes"),
        ("text,a,b\nx,1,0\ny,2,0\n", {"labels": ("a", "b")}, "line 3: column 'a' must be 0, 1"),
        ("text,label,split\na,1,train\nb,0,tets\n", {}, "line 3: 'tets'. Did you mean 'test'"),
        ("text,label,split\na,1,test\nb,0,test\n", {}, "gives no row to `train`"),
        ("image,label\na.png,1\n,0\n", {}, "line 3: no picture path"),
        ("image,label\na.png,1\na.png,0\n", {}, "a.png' cannot be read as a picture"),
    ],
)
def test_bad_files(tmp_path, content, options, message):
    with pytest.raises(ValueError, match=message):
        read(write(tmp_path, content), **options)


def test_an_absent_file(tmp_path):
    with pytest.raises(ValueError, match=r"There is no file .*absent.csv"):
        read(tmp_path / "absent.csv")
