"""The results of an experiment, by variant, row and seed, and the numbers drawn from them."""

import math

import numpy as np

from mtl_keras.evaluation import delta_m, interval, paired_difference
from mtl_keras.evaluation.statistics import Interval

NOTHING = Interval(math.nan, math.nan, math.nan)


class Results:
    """The results of an experiment that are there.

    Args:
        runs: dict variant -> dict row -> dict seed -> result, a dict as `training.train` returns.

    Example:
        >>> run = lambda score: {"tasks": {"digits": {"score": score}}}
        >>> rows = {"joint": {0: run(0.9), 1: run(0.8)}, "digits alone": {0: run(0.8), 1: run(0.7)}}
        >>> round(Results({"article": rows}).gain("article", "digits").mean, 3)
        0.1
    """

    def __init__(self, runs):
        self.runs = runs

    def has(self, variant, *rows):
        """Returns whether there is a result for each of these rows of a variant."""
        return all(self.runs.get(variant, {}).get(row) for row in rows)

    def values(self, variant, row, read):
        """Returns dict seed -> what `read` returns of a result; without what is not a number."""
        found = {}
        for seed, run in self.runs.get(variant, {}).get(row, {}).items():
            value = read(run)
            if value is not None and not math.isnan(value):
                found[seed] = value
        return found

    def interval(self, variant, row, read):
        """Returns the mean over seeds of what `read` returns, with its interval."""
        values = list(self.values(variant, row, read).values())
        return interval(values) if values else NOTHING

    def difference(self, first, second, read, read_second=None):
        """Returns the mean of the differences of two rows, paired over their common seeds.

        Args:
            first, second: (variant, row).
            read: function result -> number.
            read_second: the same for the second row. Defaults to `read`.
        """
        a, b = self.values(*first, read), self.values(*second, read_second or read)
        seeds = [seed for seed in a if seed in b]
        if not seeds:
            return NOTHING
        return paired_difference([a[s] for s in seeds], [b[s] for s in seeds])

    def gain(self, variant, task, joint="joint"):
        """Returns the joint model's score minus that of the task alone, paired over seeds.

        Positive is better, whatever the metric.
        """
        pair = (variant, joint), (variant, f"{task} alone")
        return self.difference(*pair, better(task))

    def alone(self, variant):
        """Returns the tasks of a variant that have a model of their own."""
        return [row.removesuffix(" alone") for row in self.runs[variant] if row.endswith(" alone")]

    def delta_m(self, variant):
        """Returns the mean relative change over the tasks that have a model of their own."""
        tasks = [t for t in self.alone(variant) if self.has(variant, "joint", f"{t} alone")]
        joint = self.runs[variant].get("joint", {})
        tasks = [t for t in tasks if all(t in run["tasks"] for run in joint.values())]
        changes = []
        for seed, run in joint.items():
            single = {t: self.runs[variant][f"{t} alone"].get(seed) for t in tasks}
            if not tasks or None in single.values():
                continue
            higher = {t: run["tasks"][t]["higher_is_better"] for t in tasks}
            scores = {t: r["tasks"][t]["score"] for t, r in single.items()}
            changes.append(delta_m({t: run["tasks"][t]["score"] for t in tasks}, scores, higher))
        changes = [change for change in changes if not math.isnan(change)]
        return interval(changes) if changes else NOTHING


def score(task):
    """Returns a function that reads the test score of a task.

    Example:
        >>> score("digits")({"tasks": {"digits": {"score": 0.9}}})
        0.9
    """
    return lambda run: run["tasks"].get(task, {}).get("score")


def better(task):
    """Returns a function that reads the test score of a task so that more is better.

    Example:
        >>> better("box")({"tasks": {"box": {"score": 0.5, "higher_is_better": False}}})
        -0.5
    """

    def read(run):
        found = run["tasks"].get(task)
        if found is None or found["score"] is None:
            return None
        return found["score"] if found.get("higher_is_better", True) else -found["score"]

    return read


def gap(task):
    """Returns a function that reads the score on training rows minus that on test rows.

    Example:
        >>> gap("digits")({"train": {"digits": 1.0}, "tasks": {"digits": {"score": 0.75}}})
        0.25
    """
    return lambda run: run["train"][task] - run["tasks"][task]["score"]


def robust(task):
    """Returns a function that reads the mean score of a task over all disturbances.

    Example:
        >>> run = {"disturbed": {"blur": [[1, {"digits": 0.5}], [2, {"digits": 0.25}]]}}
        >>> robust("digits")(run)
        0.375
    """

    def read(run):
        levels = [scores[task] for found in run["disturbed"].values() for _, scores in found]
        return float(np.mean(levels))

    return read


def macro(confusion):
    """Returns macro precision, recall and F1 of a confusion matrix, rows being the true classes.

    A class that is never predicted has precision 0, as in scikit-learn.

    Example:
        >>> tuple(round(float(value), 3) for value in macro([[8, 2], [4, 6]]))
        (0.708, 0.7, 0.697)
    """
    counts = np.asarray(confusion, "float64")
    right, true, said = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    precision, recall = right / np.maximum(said, 1), right / np.maximum(true, 1)
    f1 = 2 * right / np.maximum(true + said, 1)
    seen = (true + said) > 0
    return precision[seen].mean(), recall[seen].mean(), f1[seen].mean()
