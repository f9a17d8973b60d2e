"""An experiment whose runs take no time, for the tests of runner, report and command."""

import sys

from mtl_keras.experiments import claims

TITLE = "A toy"
__doc__ = """A toy.

Protocol. Nothing is trained."""
DONE = []


def variants(scale):
    common = {"scale": scale, "width": 2}
    return {
        "article": {
            "joint": {**common, "tasks": ["a", "b"]},
            "a alone": {**common, "tasks": ["a"]},
            "b alone": {**common, "tasks": ["b"]},
        },
        "again": {"joint": {**common, "tasks": ["a", "b"]}},
        "elsewhere": {"joint": {**common, "tasks": ["a"], "width": 99}},
    }


def load(seed, data_dir, *, width):
    if width == 99:
        raise ValueError("Data set 'far' is not there.")
    return f"data of seed {seed}"


def run(settings, seed, data, folder):
    assert data == f"data of seed {seed}"
    DONE.append((settings["tasks"], seed))
    result = {
        "metric": "accuracy",
        "higher_is_better": True,
        "score": 0.7 + 0.1 * len(settings["tasks"]) + 0.001 * seed,
        "classes": ["no", "yes"],
        "confusion": [[40, 10], [5, 45]],
        "samples": None,
    }
    counts = {"train": 90, "validation": 10, "test": 100, "official_train": None}
    return {
        "examples": dict.fromkeys(settings["tasks"], counts),
        "tasks": dict.fromkeys(settings["tasks"], result),
        "train": dict.fromkeys(settings["tasks"], 0.95),
        "disturbed": {"blur": [[1.0, dict.fromkeys(settings["tasks"], 0.5)]]},
        "history": {f"val_{task}_accuracy": [0.5, 0.8] for task in settings["tasks"]},
        "parameters": 1000,
        "flops": 2000,
        "epoch_cpu_seconds": 1.5,
        "cpu_seconds": 3.0,
        "seconds": 3.0,
    }


def verdicts(results):
    return claims.raises_accuracy(results, ("article",))


def figures(results):
    return {}


MODULE = sys.modules[__name__]
