import re

import numpy as np
import pytest

from mtl_keras.data.samples import digits, number_words


def said(texts):
    """The number that each text names."""
    number = {name: n for n, names in enumerate(number_words._NAMES) for name in names}
    pattern = re.compile(rf"\b({'|'.join(number)})\b")
    return np.array([number[pattern.search(text)[1]] for text in texts])


def shown(images):
    """The digit of each picture: that of the nearest original, whatever the shift."""
    parts = digits.load()
    known = np.concatenate([parts[part][0]["image"][..., 0] for part in ("train", "test")])
    labels = np.concatenate([parts[part][1]["label"] for part in ("train", "test")])
    spectrum = np.abs(np.fft.rfft2(np.pad(known, [(0, 0), (3, 3), (3, 3)]))).reshape(len(known), -1)
    images = np.pad(images[..., 0], [(0, 0), (3, 3), (3, 3)])
    found = np.abs(np.fft.rfft2(images)).reshape(len(images), -1)
    distance = (found**2).sum(1)[:, None] + (spectrum**2).sum(1) - 2 * found @ spectrum.T
    return labels[distance.argmin(1)]


def test_half_of_the_pairs_fit(sample):
    for part in ("train", "test"):
        assert sample("number_words")[part][1]["label"].mean() == 0.5


def test_the_label_says_whether_the_word_names_the_digit(sample):
    inputs, labels = sample("number_words")["test"]
    fits = said(inputs["text"]) == shown(inputs["image"])
    # Pictures that are cut at the edge may be nearest to one of another digit.
    assert np.mean(fits == labels["label"]) > 0.95


def test_wrong_words_name_every_other_number(sample):
    inputs, labels = sample("number_words")["train"]
    wrong = said(inputs["text"])[labels["label"] == 0]
    assert np.bincount(wrong, minlength=10).min() > 0.08 * len(wrong)


def test_every_wording_and_name_occurs(sample):
    texts = set(sample("number_words")["train"][0]["text"])
    assert len(texts) > 0.95 * 30 * len(number_words._WORDINGS)


def test_no_sum_over_picture_and_words_tells(sample):
    linear_model = pytest.importorskip("sklearn.linear_model")
    text = pytest.importorskip("sklearn.feature_extraction.text")
    (x, y), (x_test, y_test) = (sample("number_words")[part] for part in ("train", "test"))
    words = text.CountVectorizer().fit(x["text"])

    def both(inputs):
        pixels = inputs["image"][:, ::2, ::2].reshape(len(inputs["image"]), -1) / 255
        return np.hstack([pixels, words.transform(inputs["text"]).toarray()])

    model = linear_model.LogisticRegression(C=1e-2, max_iter=50).fit(both(x), y["label"])
    assert abs(model.score(both(x_test), y_test["label"]) - 0.5) < 0.06


def test_vary_moves_by_three_pixels_at_most():
    dot = np.zeros((50, 28, 28, 1), "uint8")
    dot[:, 14, 14] = 255
    moved = number_words.vary(dot, np.random.default_rng(0))
    places = np.array([np.unravel_index(m.argmax(), m.shape)[:2] for m in moved])
    assert np.abs(places - 14).max() == 3
