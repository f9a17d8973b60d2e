"""Models of scikit-learn on the rows of an experiment."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

from mtl_keras.data import samples
from mtl_keras.experiments import baselines


@pytest.fixture(scope="module")
def digits():
    parts = samples.load("digits")
    return [
        (inputs["image"][:400, ::2, ::2], labels["label"][:400])
        for inputs, labels in (parts["train"], parts["test"])
    ]


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("logistic regression", 0.85, 1),
        ("linear SVM", 0.85, 1),
        ("RBF SVM", 0.9, 1),
        ("decision tree", 0.5, 0.9),
        ("k-means, a cluster per class", 0.4, 0.85),
        ("k-means, ten clusters per class", 0.75, 0.98),
        ("PCA, logistic regression", 0.85, 1),
        ("LDA", 0.8, 1),
    ],
)
def test_pictures(digits, name, least, most):
    found = baselines.fit(name, 0, *digits, list("0123456789"))
    result = found["result"]
    assert least < result["score"] < most
    assert np.trace(result["confusion"]) / 360 == pytest.approx(result["score"])
    assert found["examples"] == {"train": 400, "test": 360}


def test_rows_of_the_confusion_matrix_are_the_true_classes(digits):
    train, (x, y) = digits
    only_twos = (x[y == 2], y[y == 2])
    found = baselines.fit("decision tree", 0, train, only_twos, list("0123456789"))
    assert found["result"]["confusion"][2].sum() == (y == 2).sum()


def test_no_more_clusters_than_rows():
    x, y = np.arange(3.0)[:, None], np.array([2, 0, 1])
    found = baselines.MajorityClusters(0, 10).fit(x, y)
    assert found.predict(x).tolist() == [2, 0, 1]


def test_quadratic_models_take_a_subset(digits, monkeypatch):
    monkeypatch.setattr(baselines, "SUBSET", 50)
    assert baselines.fit("RBF SVM", 0, *digits, list("0123456789"))["examples"]["train"] == 50


@pytest.mark.parametrize("name", baselines.TEXTS)
def test_texts(name):
    parts = samples.load("headlines")
    rows = [(inputs["text"], labels["label"]) for inputs, labels in (parts["train"], parts["test"])]
    assert baselines.fit(name, 0, *rows, list("abcd"))["result"]["score"] > 0.6


def test_clusters_answer_by_the_majority_of_their_rows():
    x = np.array([[0.0], [0.1], [0.2], [9.0], [9.1]])
    model = baselines.MajorityClusters(0, 2).fit(x, np.array([3, 3, 1, 5, 5]))
    assert model.predict(np.array([[0.05], [10.0]])).tolist() == [3, 5]


def test_unknown_name(digits):
    with pytest.raises(ValueError, match=r"Unknown baseline 'LDB'. Did you mean 'LDA'\?"):
        baselines.fit("LDB", 0, *digits, list("0123456789"))
