"""Trains text branches on real data and prints their table: test accuracy, cost, time.

python results/text.py [imdb | ag_news | trec | part of a name ...]

Needs IMDb, AG News and TREC below TFDS_DATA_DIR. The file of each finished run lies in
`results/text/`; such a run is read, not done again. Settings were chosen on held-out training rows.
The runs here see all training rows; those of TREC all but the validation rows that `compare` needs.
"""

import argparse
import dataclasses
import functools
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

import mtl_keras as mtl
from mtl_keras import text
from mtl_keras.evaluation import Comparison, compare, cost, results, scores
from mtl_keras.presets import optimizer

HERE = Path(__file__).with_suffix("")
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
TREC_EPOCHS = 20


@dataclasses.dataclass
class Run:
    """What `load` takes, data -> branch, and how it is trained."""

    load: dict
    branch: Callable
    epochs: int
    learning_rate: float
    penalty: float = 0.0


def logistic_regression(data):
    """TF-IDF of words and word pairs, each counted once in a text, at length 1."""
    options = {"binary": True, "idf": True, "normalize": True}
    branch = text.bag_of_words(data.vocabulary_size, pairs=2**17, **options)
    (name,) = data.inputs()
    branch.adapt(data.train.map(lambda inputs, *_: inputs[name]))
    return branch


def averaged(data):
    return text.embedding_branch(data.vocabulary_size, width=64)


def cnn(data):
    return text.text_cnn(data.vocabulary_size, width=64, filters=64)


def gru(data):
    return text.recurrent(data.vocabulary_size, width=64, bidirectional=False, dropout=0.3)


RUNS = {
    "imdb-logistic_regression": Run(
        {**IMDB, "sequence_length": 800}, logistic_regression, 4, 0.02, penalty=2e-6
    ),
    "imdb-averaged": Run({**IMDB, "sequence_length": 400}, averaged, 4, 0.003),
    "imdb-cnn": Run({**IMDB, "sequence_length": 300}, cnn, 4, 0.002),
    "imdb-gru": Run({**IMDB, "sequence_length": 300}, gru, 4, 0.004),
    "ag_news-logistic_regression": Run(NEWS, logistic_regression, 2, 0.02, penalty=1e-6),
    "ag_news-averaged": Run(NEWS, averaged, 3, 0.003),
    "ag_news-cnn": Run(NEWS, cnn, 2, 0.002),
}


def one_task(run, data):
    """A branch with a dense head."""
    inputs = data.inputs()
    (task,), (x,) = data.tasks, inputs.values()
    penalty = keras.regularizers.L2(run.penalty) if run.penalty else None
    head = keras.layers.Dense(data.outputs[task], kernel_regularizer=penalty, name=task)
    return mtl.MultiTaskModel(inputs, {task: head(run.branch(data)(x))})


def train(run, seed=0, validation=0):
    """Returns the result of a run; with validation rows, to choose settings by, without a test."""
    keras.utils.set_random_seed(seed)
    data = mtl.data.load(seed=seed, validation=validation, **run.load)
    model = one_task(run, data)
    costs = cost(model)
    steps = run.epochs * int(data.train.cardinality())
    model.compile(
        optimizer("adamw", steps=steps, learning_rate=run.learning_rate, weight_decay=0),
        loss=data.losses,
        metrics=data.metrics,
        jit_compile=False,
    )
    wall, cpu = time.perf_counter(), time.process_time()
    history = model.fit(
        data.train, validation_data=data.validation, epochs=run.epochs, verbose=2
    ).history
    return {
        "kind": "single",
        "seed": seed,
        "configuration": {**dataclasses.asdict(run), "branch": run.branch.__name__},
        "versions": results.versions(),
        "machine": results.machine(),
        "examples": data.examples,
        **costs._asdict(),
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
        "history": history,
        **({} if validation else scores.final_scores(model, data)),
    }


def trec_model():
    """Two tasks over convolutions; some words of the training texts are made unknown."""
    x = keras.Input((TREC["sequence_length"],), dtype="int32", name="question_text")
    features = text.text_cnn(TREC["vocabulary_size"])(text.WordDropout(0.1)(x))
    outputs = {
        task: keras.layers.Dense(classes, name=task)(features)
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


def table():
    """Returns the results so far as Markdown."""
    header = "| data, branch | test accuracy | parameters | MFLOPs | CPU minutes |"
    rows = [header, "|" + "---|" * 5]
    for name in RUNS:
        path = HERE / f"{name}-seed0.json"
        if path.exists():
            found = results.read(path)
            (task,) = found["tasks"].values()
            rows.append(
                f"| {name} | {100 * task['score']:.2f} % | {found['parameters']:,} "
                f"| {found['flops'] / 1e6:.2f} | {found['cpu_seconds'] / 60:.1f} |"
            )
    if (HERE / "trec.json").exists():
        rows += ["", Comparison.from_json(HERE / "trec.json").markdown()]
    return "\n".join(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=[""], help="parts of the names of runs")
    chosen = parser.parse_args().names
    for name, run in RUNS.items():
        path = HERE / f"{name}-seed0.json"
        if not path.exists() and any(part in name for part in chosen):
            print(name, flush=True)
            results.write(path, train(run))
    if any(part in "trec" for part in chosen):
        trec()
    print(table())


if __name__ == "__main__":
    main()
