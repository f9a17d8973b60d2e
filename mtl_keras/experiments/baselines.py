"""Models of scikit-learn on the rows of an experiment."""

import time

import numpy as np

from mtl_keras.errors import unknown

SUBSET = 5_000
"""At most so many training rows for what takes the square of them."""


def fit(name, seed, train, test, class_names):
    """Fits a model of scikit-learn and returns what it came to, in the form of a training's.

    Args:
        name: str, of `PICTURES` or `TEXTS`.
        seed: int, for what is drawn.
        train, test: (uint8 pictures or texts, class numbers).
        class_names: list of str.

    Returns:
        dict with `seconds`, `cpu_seconds`, `examples` and the `result` of the task.

    Raises:
        ValueError: there is no such model.

    Example:
        >>> texts = np.array(["red apple", "blue sky"] * 8, object)
        >>> rows = texts, np.array([0, 1] * 8)
        >>> fit("TF-IDF, logistic regression", 0, rows, rows, ["apple", "sky"])["result"]["score"]
        1.0
    """
    models = PICTURES | TEXTS
    if name not in models:
        raise unknown("baseline", name, models)
    (x, y), (x_test, y_test) = train, test
    if name in QUADRATIC:
        x, y = x[:SUBSET], y[:SUBSET]
    wall, cpu = time.perf_counter(), time.process_time()
    model = models[name](seed, len(class_names)).fit(_features(name, x), y)
    seconds = {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
    }
    guess = np.asarray(model.predict(_features(name, x_test)))
    classes = len(class_names)
    confusion = np.bincount(y_test * classes + guess, minlength=classes**2)
    result = {
        "metric": "accuracy",
        "higher_is_better": True,
        "score": float(np.mean(guess == y_test)),
        "classes": list(class_names),
        "confusion": confusion.reshape(classes, classes),
    }
    return {**seconds, "examples": {"train": len(y), "test": len(y_test)}, "result": result}


def _features(name, x):
    return x if name in TEXTS else x.reshape(len(x), -1).astype("float32") / 255


def _logistic(*steps):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(*steps, LogisticRegression(C=1.0, max_iter=300))


def _linear_svm(seed, classes):
    from sklearn.svm import LinearSVC

    return LinearSVC(C=0.01, dual="auto", random_state=seed)


def _rbf_svm(seed, classes):
    from sklearn.svm import SVC

    return SVC(C=10)


def _tree(seed, classes):
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(random_state=seed)


def _pca(seed, classes):
    from sklearn.decomposition import PCA

    return _logistic(PCA(0.9, random_state=seed, svd_solver="full"))


def _lda(seed, classes):
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.pipeline import make_pipeline

    # Pixels that never change make the covariances singular.
    return make_pipeline(PCA(0.99, random_state=seed), LinearDiscriminantAnalysis())


def _tf_idf(ngrams):
    def made(seed, classes):
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        words = TfidfVectorizer(ngram_range=(1, ngrams), sublinear_tf=True)
        return make_pipeline(words, LogisticRegression(C=10, max_iter=300))

    return made


class MajorityClusters:
    """k-means whose clusters answer the most frequent class of their training rows.

    Args:
        seed: int.
        clusters: int, so many, but no more than there are training rows.

    Example:
        >>> x = np.array([[0.0], [0.1], [5.0], [5.1]])
        >>> MajorityClusters(0, 2).fit(x, np.array([1, 1, 0, 0])).predict([[4.9], [0.2]]).tolist()
        [0, 1]
    """

    def __init__(self, seed, clusters):
        self.seed, self.clusters = seed, clusters

    def fit(self, x, y):
        from sklearn.cluster import KMeans

        clusters = min(self.clusters, len(x))
        self.means = KMeans(clusters, n_init=4, random_state=self.seed).fit(x)
        members = [y[self.means.labels_ == cluster] for cluster in range(clusters)]
        self.answers = np.array([np.bincount(of, minlength=1).argmax() for of in members])
        return self

    def predict(self, x):
        return self.answers[self.means.predict(np.asarray(x, self.means.cluster_centers_.dtype))]


PICTURES = {
    "logistic regression": lambda seed, classes: _logistic(),
    "linear SVM": _linear_svm,
    "RBF SVM": _rbf_svm,
    "decision tree": _tree,
    "k-means, a cluster per class": lambda seed, classes: MajorityClusters(seed, classes),
    "k-means, ten clusters per class": lambda seed, classes: MajorityClusters(seed, 10 * classes),
    "PCA, logistic regression": _pca,
    "LDA": _lda,
}
TEXTS = {
    "TF-IDF, logistic regression": _tf_idf(1),
    "TF-IDF of word pairs, logistic regression": _tf_idf(2),
}
QUADRATIC = ("RBF SVM",)
