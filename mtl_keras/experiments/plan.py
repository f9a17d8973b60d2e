"""The rows of an experiment: joint models, each task alone, and what they are trained with."""

import itertools
import re
from pathlib import Path
from typing import NamedTuple

from mtl_keras import errors
from mtl_keras.evaluation import results
from mtl_keras.experiments import SCALES

TRAINING = {
    "run_eagerly": False, "validation_rows": None, "test_rows": None, "disturbed_rows": None,
    "budget": 1.0, "robustness": False,
}  # fmt: skip
"""Settings that every training has: whether it runs step by step without a graph, which is quicker
for a few steps; at most so many rows to select the epoch by, to test on and to disturb; the part of
the operations that the model may take; whether it is also tested on disturbed pictures."""

SMOKE = {
    "examples": 96, "epochs": 1, "batch_size": 32, "run_eagerly": True, "validation_rows": 96,
    "test_rows": 96, "disturbed_rows": 96,
}  # fmt: skip
"""What every smoke scale has."""

LAPTOP = {"validation_rows": 1_024, "test_rows": 5_120, "disturbed_rows": 1_024}
"""What every laptop scale has: validation after each epoch and disturbed pictures would otherwise
cost more than the training."""


def joint_and_alone(settings, tasks, alone=None, reduced=False):
    """Returns the rows of a comparison: all tasks in one model, and models of one task.

    Args:
        settings: dict, what all rows have in common.
        tasks: list of str, tasks of the joint model.
        alone: list of the tasks that also have a model of their own. Defaults to all.
        reduced: bool, whether each such task also has one that shares the budget: it may take a
            part in so many of the operations that the joint model takes. Defaults to `False`.

    Returns:
        dict row name -> settings.

    Example:
        >>> list(joint_and_alone({}, ["digits", "topics"], reduced=True))[:3]
        ['joint', 'digits alone', 'digits alone, 1/2 of the budget']
    """
    tasks = list(tasks)
    rows = {"joint": {**settings, "tasks": tasks}}
    for task in tasks if alone is None else alone:
        rows[f"{task} alone"] = {**settings, "tasks": [task]}
        if reduced:
            part = {"tasks": [task], "budget": 1 / len(tasks)}
            rows[f"{task} alone, 1/{len(tasks)} of the budget"] = {**settings, **part}
    return rows


class Job(NamedTuple):
    """One training or fit of a plan.

    Attributes:
        name: str, variant and row where it stands first.
        settings: dict.
        seed: int.
        path: `Path` of its result.
    """

    name: str
    settings: dict
    seed: int
    path: Path


def jobs(experiment, variants, seeds, folder):
    """Returns what is to be done: each pair of settings and seed once, seed by seed.

    Args:
        experiment: str, name of the experiment.
        variants: dict variant -> dict row -> settings.
        seeds: list of int.
        folder: `Path` of the results.

    Returns:
        list of `Job`.

    Example:
        >>> rows = {"joint": {"width": 2}}
        >>> found = jobs("toy", {"article": rows, "same again": rows}, [0, 1], Path("runs"))
        >>> [(job.name, job.seed) for job in found]
        [('article joint', 0), ('article joint', 1)]
    """
    found = {}
    named = [(v, r, s) for v, rows in variants.items() for r, s in rows.items()]
    for seed, (variant, row, settings) in itertools.product(seeds, named):
        path = result_path(folder, experiment, settings, seed)
        found.setdefault(path, Job(f"{variant} {row}", settings, seed, path))
    return list(found.values())


def result_path(folder, experiment, settings, seed):
    """Returns the file of a result; its name says a little of the settings and stands for all.

    Example:
        >>> result_path(Path("runs"), "toy", {"tasks": ["a", "b"], "scale": "smoke"}, 3).name
        'smoke-a-b-seed3-dcbe6720.json'
    """
    words = [settings.get("scale", "any"), *settings.get("tasks", ())[:4]]
    words = re.sub(r"[^\w-]+", "_", "-".join(words))
    key = results.digest({"experiment": experiment, **settings})
    return folder / f"{words}-seed{seed}-{key}.json"


def chosen(variants, only):
    """Returns the variants asked for.

    Args:
        variants: dict by name.
        only: list of names, or `None` for all.

    Raises:
        ValueError: there is no such variant.

    Example:
        >>> chosen({"article": 1, "tuned": 2}, ["tuned"])
        {'tuned': 2}
    """
    for name in only or ():
        if name not in variants:
            raise errors.unknown("variant", name, variants)
    return {name: rows for name, rows in variants.items() if not only or name in only}


def check_scale(scale):
    """Raises a `ValueError` if there is no such scale.

    Example:
        >>> check_scale("smoke")
    """
    if scale not in SCALES:
        raise errors.unknown("scale", scale, SCALES)
