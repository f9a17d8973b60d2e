"""Three text branches on AG News answer together: test accuracy of each ensemble.

python results/ensembles.py [--seeds 0 1 2]

Needs AG News below TFDS_DATA_DIR. The file of each finished seed lies in `results/ensembles/`; such
a seed is read, not done again. The members are trained on nine tenths of the training rows, with
the settings of `text_branches.py`; the others choose the weights and fit the stacking. Test rows
are used once, by members and ensembles alike.
"""

import argparse
import itertools
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from one_task import fitted
from text_branches import RUNS

import mtl_keras as mtl
from mtl_keras.evaluation import results

HERE = Path(__file__).with_suffix("")
MEMBERS = ("averaged", "cnn", "gru")
VALIDATION = 0.1
TENTHS = [w for w in itertools.product(range(11), repeat=len(MEMBERS)) if sum(w) == 10]


def run(seed):
    """Trains the members, makes the ensembles and returns what each came to."""
    made = {name: fitted(RUNS[f"ag_news-{name}"], seed, VALIDATION) for name in MEMBERS}
    models = [model for model, *_ in made.values()]
    data = made[MEMBERS[0]][1]
    labels = labels_of(data.validation)
    logits = [model.predict(data.validation, verbose=0)["topic"] for model in models]
    weights = least_loss(logits, labels)
    kinds = {
        "average": mtl.fusion.AverageEnsemble(),
        "weighted": mtl.fusion.AverageEnsemble(weights),
        "product": mtl.fusion.ProductEnsemble(),
        "vote": mtl.fusion.VoteEnsemble(),
        "stacking": mtl.fusion.StackingEnsemble(),
    }
    joined = {name: mtl.fusion.ensemble(models, layer) for name, layer in kinds.items()}
    joined["stacking"].get_layer("topic").fit(logits, labels)
    truth = labels_of(data.test)
    answers = {
        name: model.predict(data.test, verbose=0)["topic"]
        for name, model in (dict(zip(MEMBERS, models)) | joined).items()
    }
    return {
        "seed": seed,
        "configuration": {name: RUNS[f"ag_news-{name}"].configuration() for name in MEMBERS},
        "versions": results.versions(),
        "machine": results.machine(),
        "examples": data.examples,
        "cpu_seconds": sum(found["cpu_seconds"] for *_, found in made.values()),
        "weights": weights,
        "accuracy": {
            name: float(np.mean(z.argmax(axis=-1) == truth)) for name, z in answers.items()
        },
        "log_loss": {name: log_loss(z, truth) for name, z in answers.items()},
    }


def labels_of(rows):
    """The labels of all rows."""
    return np.concatenate([y["topic"] for _, y in rows])


def log_loss(logits, labels):
    """The mean cross-entropy."""
    logits = np.asarray(logits, "float64")
    chosen = logits[np.arange(len(labels)), labels]
    return float(np.mean(np.logaddexp.reduce(logits, axis=1) - chosen))


def least_loss(logits, labels):
    """The weights, in tenths, of the mean probability with the least cross-entropy."""
    p = [np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True)) for z in logits]

    def loss(tenths):
        return log_loss(np.log(sum(w * each for w, each in zip(tenths, p)) / 10), labels)

    return [w / 10 for w in min(TENTHS, key=loss)]


def table():
    """Returns the mean of each member and ensemble over the seeds as Markdown."""
    found = [results.read(path) for path in sorted(HERE.glob("seed*.json"))]
    if not found:
        return "*These runs are not there yet.*"
    rows = ["| members and ensembles | test accuracy | log loss |", "|---|---|---|"]
    for name in found[0]["accuracy"]:
        accuracy, loss = ([run[key][name] for run in found] for key in ("accuracy", "log_loss"))
        shown = f"`{name}`" if name in MEMBERS else name
        rows.append(f"| {shown} | {100 * np.mean(accuracy):.2f} % | {np.mean(loss):.3f} |")
    counts = found[0]["examples"]["topic"]
    weights = "; ".join(" ".join(f"{w:g}" for w in run["weights"]) for run in found)
    note = (
        f"AG News, means of {len(found)} seeds; training rows: {counts['train']:,}. "
        f"Weights of the weighted mean, by seed: {weights}."
    )
    return "\n".join([*rows, "", note])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    for seed in parser.parse_args().seeds:
        path = HERE / f"seed{seed}.json"
        if not path.exists():
            results.write(path, run(seed))
    print(table())


if __name__ == "__main__":
    main()
