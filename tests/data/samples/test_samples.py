import doctest
import hashlib

import numpy as np
import pytest

from mtl_keras.data import samples
from mtl_keras.data.samples import (
    canvas_digits,
    captions,
    digits,
    drawings,
    headlines,
    number_words,
    smart_home,
)

SIZES = {name: samples.rows(name) for name in samples.names()}
DIGESTS = {
    "canvas_digits": "96522bd4184b8e5e",
    "captions": "091e27bc6308288d",
    "digits": "dee992043956d46f",
    "drawings": "8f51f0132fd4838f",
    "headlines": "6bbafc6eff0ad398",
    "number_words": "c5d6647c984e34be",
    "smart_home": "64d527bcba60d56f",
}
SHAPES = {
    "canvas_digits": (64, 64, 1),
    "captions": (32, 32, 3),
    "digits": (28, 28, 1),
    "drawings": (32, 32, 3),
    "number_words": (28, 28, 1),
}
KINDS = {
    "captions": {"image", "text"},
    "headlines": {"text"},
    "number_words": {"image", "text"},
    "smart_home": {"camera", "depth", "thermal"},
}


def test_names():
    assert samples.names() == sorted(DIGESTS)


@pytest.mark.parametrize("ask", [samples.load, samples.rows])
def test_unknown_name_suggests_the_nearest(ask):
    with pytest.raises(ValueError, match=r"sample set 'drawing'. Did you mean 'drawings'\?"):
        ask("drawing")


@pytest.mark.parametrize("name", SIZES)
def test_arrays_are_as_promised(sample, name):
    data = sample(name)
    assert sorted(data) == ["class_names", "test", "train"]
    assert next(iter(data["class_names"])) == "label"
    for part, rows in zip(("train", "test"), SIZES[name]):
        inputs, labels = data[part]
        assert labels.keys() == data["class_names"].keys()
        for column, classes in data["class_names"].items():
            assert len(set(classes)) == len(classes)
            assert labels[column].dtype == np.int32
            assert labels[column].shape == (rows,)
            assert set(labels[column].tolist()) <= set(range(len(classes)))
        assert len(set(labels["label"].tolist())) == len(data["class_names"]["label"])
        assert set(inputs) == KINDS.get(name, {"image"})
        if "image" in inputs:
            assert inputs["image"].dtype == np.uint8
            assert inputs["image"].shape == (rows, *SHAPES[name])
        if "text" in inputs:
            assert inputs["text"].dtype == object
            assert inputs["text"].shape == (rows,)
            assert all(type(text) is str and text.isascii() for text in inputs["text"])


@pytest.mark.parametrize("name", SIZES)
def test_the_rows_are_the_same_each_time_and_cannot_be_written_to(sample, name):
    first, again = sample(name), getattr(samples, name).load()
    for part in ("train", "test"):
        for old, new in zip(first[part], again[part]):
            for key in old:
                np.testing.assert_array_equal(old[key], new[key])
                with pytest.raises(ValueError, match="read-only"):
                    old[key][:1] = old[key][1:2]
    assert first["class_names"] == again["class_names"]


@pytest.mark.parametrize(
    ("name", "train", "test"),
    [
        ("canvas_digits", 30.2033, 30.3963),
        ("captions", 61.5266, 62.0296),
        ("digits", 77.7434, 78.2298),
        ("drawings", 63.5486, 64.0910),
        ("number_words", 74.7826, 75.3828),
    ],
)
def test_pictures_stay_what_they_were(sample, name, train, test):
    """Pinned means: published accuracies hold for these pictures only."""
    data = sample(name)
    for part, mean in (("train", train), ("test", test)):
        assert data[part][0]["image"].mean() == pytest.approx(mean, abs=2e-3), part


@pytest.mark.parametrize("name", SIZES)
def test_labels_and_texts_stay_what_they_were(sample, name):
    digest = hashlib.sha256()
    for part in ("train", "test"):
        inputs, labels = sample(name)[part]
        for column in sorted(labels):
            digest.update(labels[column].astype("<i4").tobytes())
        digest.update("\n".join(inputs.get("text", [])).encode())
    assert digest.hexdigest()[:16] == DIGESTS[name]


@pytest.mark.parametrize("name", SHAPES)
def test_no_picture_is_in_both_parts(sample, name):
    train, test = (
        {image.tobytes() for image in sample(name)[part][0]["image"]} for part in ("train", "test")
    )
    assert len(train) >= SIZES[name][0] - 1
    assert not train & test


@pytest.mark.parametrize(
    "module",
    [
        samples,
        canvas_digits,
        captions,
        digits,
        drawings,
        headlines,
        number_words,
        smart_home,
    ],
)
def test_examples_of_the_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed
