"""Trains text branches on real data and prints their table: test accuracy, cost, time.

python results/text_branches.py [imdb | ag_news | trec | part of a name ...]

Needs IMDb, AG News and TREC below TFDS_DATA_DIR. The file of each finished run lies in
`results/text/`; such a run is read, not done again. Settings were chosen on held-out training rows.
The runs here see all training rows; those of TREC all but the validation rows that `compare` needs.
"""

import functools
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from one_task import Run, chosen, do, table

import mtl_keras as mtl
from mtl_keras import text
from mtl_keras.evaluation import Comparison, compare
from mtl_keras.presets import optimizer

HERE = Path(__file__).parent / "text"
IMDB = {"review": "imdb_reviews", "vocabulary_size": 20_000}
NEWS = {"topic": "ag_news_subset", "vocabulary_size": 20_000}
TREC = {
    "question": mtl.data.Source("trec", labels={"coarse": "label-coarse", "fine": "label-fine"}),
    "batch_size": 64,
    "sequence_length": 24,
    "vocabulary_size": 10_000,
    "validation": 0.05,
}
TREC_SEEDS = range(5)
TREC_EPOCHS = 15


def logistic_regression(data, x, penalty):
    """TF-IDF of words and word pairs, each counted once in a text, at length 1."""
    options = {"binary": True, "idf": True, "normalize": True}
    branch = text.bag_of_words(data.vocabulary_size, pairs=2**17, **options)
    (name,) = data.inputs()
    branch.adapt(data.train.map(lambda inputs, *_: inputs[name]))
    return _head(data, keras.regularizers.L2(penalty))(branch(x))


def averaged(data, x):
    """The mean of the word vectors."""
    return _head(data)(text.embedding_branch(data.vocabulary_size, width=64)(x))


def cnn(data, x, word_dropout=0.0, **options):
    """Convolutions, each pooled by its maximum over time."""
    words = text.WordDropout(word_dropout)(x)
    return _head(data)(text.text_cnn(data.vocabulary_size, **options)(words))


def gru(data, x, word_dropout=0.0, **options):
    """A recurrent network, pooled by its maximum over time; another `cell` may be asked for."""
    words = text.WordDropout(word_dropout)(x)
    return _head(data)(text.recurrent(data.vocabulary_size, **options)(words))


def transformer(data, x, word_dropout=0.0, **options):
    """A small transformer encoder."""
    words = text.WordDropout(word_dropout)(x)
    return _head(data)(text.transformer(data.vocabulary_size, **options)(words))


def _head(data, penalty=None):
    (units,) = data.outputs.values()
    return keras.layers.Dense(units, kernel_regularizer=penalty)


def adam(learning_rate):
    return {"learning_rate": learning_rate, "weight_decay": 0}


CNN = {"width": 128, "filters": 128, "word_dropout": 0.5}
TRANSFORMER = {"dropout": 0.2, "word_dropout": 0.3}
GRU = {"width": 64, "bidirectional": False, "dropout": 0.5, "word_dropout": 0.3}
RUNS = {
    "imdb-logistic_regression": Run(
        {**IMDB, "sequence_length": 800}, logistic_regression, 4, adam(0.02), {"penalty": 2e-6}
    ),
    "imdb-averaged": Run({**IMDB, "sequence_length": 400}, averaged, 4, adam(0.003)),
    "imdb-cnn": Run({**IMDB, "sequence_length": 400}, cnn, 5, adam(0.002), CNN),
    "imdb-gru": Run({**IMDB, "sequence_length": 400}, gru, 4, adam(0.004), GRU),
    "ag_news-logistic_regression": Run(NEWS, logistic_regression, 4, adam(0.05), {"penalty": 4e-6}),
    "ag_news-averaged": Run(NEWS, averaged, 5, adam(0.004)),
    "ag_news-cnn": Run(NEWS, cnn, 3, adam(0.002), CNN),
    "ag_news-gru": Run(NEWS, gru, 3, adam(0.004), {**GRU, "bidirectional": True}),
    "ag_news-lstm": Run(NEWS, gru, 3, adam(0.004), {**GRU, "bidirectional": True, "cell": "lstm"}),
    "ag_news-transformer": Run(NEWS, transformer, 4, adam(0.002), TRANSFORMER),
}  # fmt: skip


def trec_model():
    """Two tasks, each the sum of a deep and a wide part.

    Deep: convolutions. Wide: a linear model of words and word pairs. Some words of the training
    texts are made unknown.
    """
    x = keras.Input((TREC["sequence_length"],), dtype="int32", name="question_text")
    words = text.WordDropout(0.1)(x)
    deep = text.text_cnn(TREC["vocabulary_size"])(words)
    bag = text.bag_of_words(TREC["vocabulary_size"], pairs=2**14, binary=True, normalize=True)
    wide = keras.layers.Rescaling(10.0)(bag(words))
    options = {
        "use_bias": False,
        "kernel_initializer": "zeros",
        "kernel_regularizer": keras.regularizers.L2(1e-5),
    }
    outputs = {
        task: keras.layers.Add(name=task)(
            [keras.layers.Dense(classes)(deep), keras.layers.Dense(classes, **options)(wide)]
        )
        for task, classes in (("coarse", 6), ("fine", 47))
    }
    return mtl.MultiTaskModel(x, outputs)


def trec():
    """Compares the two-task model with the two single-task models."""
    loaded = functools.cache(lambda seed: mtl.data.load(seed=seed, **TREC))
    steps = TREC_EPOCHS * int(loaded(0).train.cardinality())
    comparison = compare(
        trec_model,
        loaded,
        epochs=TREC_EPOCHS,
        seeds=TREC_SEEDS,
        optimizer=lambda: optimizer("adamw", steps=steps, learning_rate=0.002),
        directory=HERE / "trec",
    )
    comparison.to_json(HERE / "trec.json")


def text_table():
    """Returns the results of the single runs so far as Markdown."""
    return table(RUNS, HERE)


def trec_table():
    """Returns the comparison on TREC as Markdown, if it is there."""
    path = HERE / "trec.json"
    missing = "*These runs are not there yet.*"
    return Comparison.from_json(path).markdown() if path.exists() else missing


def main():
    parts = chosen()
    do(RUNS, HERE, parts)
    if any(part in "trec" for part in parts):
        trec()
    print(text_table(), trec_table(), sep="\n\n")


if __name__ == "__main__":
    main()
