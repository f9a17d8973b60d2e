import collections
import itertools
import re

import numpy as np
import pytest

from mtl_keras.data.samples import captions


def counts(rows, label):
    return collections.Counter(map(tuple, rows.T[label == 1])), collections.Counter(
        map(tuple, rows.T[label == 0])
    )


def test_neither_part_of_the_design_knows_the_answer():
    shape, colour, said_shape, said_colour, label = captions._pairs(8, np.random.default_rng(0))
    for part in ((shape, colour), (said_shape, said_colour)):
        right, wrong = counts(np.stack(part), label)
        assert right == wrong
        assert set(right.values()) == {8}
        assert len(right) == 36


def test_a_wrong_caption_has_one_wrong_name():
    shape, colour, said_shape, said_colour, label = captions._pairs(8, np.random.default_rng(0))
    mistakes = (shape != said_shape).astype(int) + (colour != said_colour)
    np.testing.assert_array_equal(mistakes, 1 - label)
    assert (shape != said_shape).sum() == (colour != said_colour).sum()


@pytest.mark.parametrize("part", ["train", "test"])
def test_half_of_the_pairs_fit(sample, part):
    _, labels = sample("captions")[part]
    assert labels["label"].mean() == 0.5


def test_each_caption_names_one_shape_and_one_colour(sample):
    shapes = set(itertools.chain(*captions._SHAPES.values()))
    colours = set(itertools.chain(*(names for *_, names in captions._COLOURS)))
    for text in sample("captions")["test"][0]["text"]:
        for names in (shapes, colours):
            found = [n for n in names if re.search(rf"\b{n}\b", text)]
            longest = max(found, key=len)
            assert all(name in longest for name in found), (text, found)


def test_articles(sample):
    for text in sample("captions")["train"][0]["text"]:
        assert not re.search(r"\ba [aeiou]|\ban [^aeiou]|  |^ | $", text), text


def test_captions_vary(sample):
    texts = sample("captions")["train"][0]["text"]
    assert len(set(texts)) > 0.95 * len(texts)
    openings = collections.Counter(" ".join(text.split()[:2]) for text in texts)
    assert openings.most_common(1)[0][1] < 0.15 * len(texts)


def test_the_caption_alone_does_not_tell(sample):
    pytest.importorskip("sklearn")
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    (x, y), (x_test, y_test) = (sample("captions")[part] for part in ("train", "test"))
    model = make_pipeline(CountVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=200))
    model.fit(x["text"], y["label"])
    assert abs(model.score(x_test["text"], y_test["label"]) - 0.5) < 0.05


def test_the_picture_alone_does_not_tell(sample):
    linear_model = pytest.importorskip("sklearn.linear_model")

    def pixels(images):
        return images[:, ::2, ::2].reshape(len(images), -1) / 255

    (x, y), (x_test, y_test) = (sample("captions")[part] for part in ("train", "test"))
    model = linear_model.LogisticRegression(C=1e-2, max_iter=50)
    model.fit(pixels(x["image"]), y["label"])
    assert abs(model.score(pixels(x_test["image"]), y_test["label"]) - 0.5) < 0.05
