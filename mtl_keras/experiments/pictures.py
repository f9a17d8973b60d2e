"""Pictures of results, for reports and notebooks."""

import math

from mtl_keras.evaluation import interval, plots
from mtl_keras.experiments.figures import robustness
from mtl_keras.experiments.results import better
from mtl_keras.experiments.tables import first, tasks_of


def curves(rows):
    """Draws the validation curves of the joint model and of each task alone.

    Args:
        rows: dict row -> dict seed -> result, of one variant.

    Returns:
        A `matplotlib.figure.Figure`, or `None` where no row has curves.
    """
    found = {}
    for task in tasks_of(rows):
        for row, by_seed in rows.items():
            run = first(by_seed)
            if row not in ("joint", f"{task} alone") or task not in run["tasks"]:
                continue
            key = f"val_{task}_{run['tasks'][task]['metric']}"
            if isinstance(run.get("history"), dict) and key in run["history"]:
                lines = [_numbers(each["history"][key]) for each in by_seed.values()]
                found.setdefault(task, {})["joint" if row == "joint" else "alone"] = lines
    return plots.learning_curves(found, "validation") if found else None


def _numbers(curve):
    return [math.nan if value is None else value for value in curve]


def confusion(rows, row="joint"):
    """Draws the confusion matrices of a row's tasks, summed over seeds; `None` without any.

    A task whose right answer is always the same has none: its accuracy says all.
    """
    if row not in rows:
        return None
    matrices, names = {}, {}
    for task, found in first(rows[row])["tasks"].items():
        if found["confusion"] is not None:
            runs = [run["tasks"][task]["confusion"] for run in rows[row].values()]
            matrix = [[sum(counts) for counts in zip(*lines)] for lines in zip(*runs)]
            if sum(map(any, matrix)) > 1:
                matrices[task], names[task] = matrix, found["classes"]
    return plots.confusion_matrices(matrices, names) if matrices else None


def disturbed(rows, task, most=6):
    """Draws the accuracy of a task on disturbed pictures; `None` where no row was tested on them.

    Args:
        rows: dict row -> dict seed -> result, of one variant.
        task: str.
        most: int, only so many rows. Defaults to 6.
    """
    found = {row: _levels(by_seed, task) for row, by_seed in rows.items()}
    found = {row: levels for row, levels in found.items() if levels}
    return robustness(dict(list(found.items())[:most])) if found else None


def _levels(by_seed, task):
    runs = [run for run in by_seed.values() if "disturbed" in run and task in run["tasks"]]
    if not runs or better(task)(runs[0]) is None:
        return None
    return {
        kind: [
            (level, interval([run["disturbed"][kind][i][1][task] for run in runs]))
            for i, (level, _) in enumerate(levels)
        ]
        for kind, levels in runs[0]["disturbed"].items()
    }
