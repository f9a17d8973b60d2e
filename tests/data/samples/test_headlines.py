import collections
import re
from pathlib import Path

import numpy as np
import pytest

from mtl_keras.data.samples import headlines


@pytest.fixture(scope="module")
def texts(sample):
    return [text for part in ("train", "test") for text in sample("headlines")[part][0]["text"]]


def test_the_file_is_small():
    assert Path(headlines.__file__).with_suffix(".tsv").stat().st_size < 200_000


def test_as_many_of_each_topic(sample):
    data = sample("headlines")
    assert np.bincount(data["test"][1]["label"]).tolist() == [100] * 4
    train = np.bincount(data["train"][1]["label"])
    assert train.sum() + 400 >= 1600
    assert train.min() > 0.98 * train.max()


def test_each_is_a_short_line_of_words(texts):
    for text in texts:
        assert 4 <= len(text.split()) <= 12, text
        assert text == " ".join(text.split())
        assert not text.endswith("."), text


def test_no_two_are_alike(texts):
    words = [set(re.findall(r"[a-z0-9']+", text.lower())) for text in texts]
    index = {word: i for i, word in enumerate(sorted(set().union(*words)))}
    has = np.zeros((len(words), len(index)), "float32")
    for row, bag in zip(has, words):
        row[[index[word] for word in bag]] = 1
    common = has @ has.T
    size = has.sum(1)
    overlap = common / (size[:, None] + size - common)
    np.fill_diagonal(overlap, 0)
    assert overlap.max() <= 0.6


def test_they_are_no_templates(texts):
    pairs = collections.Counter(" ".join(text.lower().split()[:2]) for text in texts)
    assert pairs.most_common(1)[0][1] <= 0.01 * len(texts)


def test_words_tell_the_topic_but_not_always(sample):
    pytest.importorskip("sklearn")
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    (x, y), (x_test, y_test) = (sample("headlines")[part] for part in ("train", "test"))
    model = make_pipeline(TfidfVectorizer(), MultinomialNB(alpha=0.3))
    model.fit(x["text"], y["label"])
    assert 0.72 < model.score(x_test["text"], y_test["label"]) < 0.9
