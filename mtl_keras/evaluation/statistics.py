"""Intervals over seeds and the summary number of multi-task learning."""

import math
from typing import NamedTuple

import numpy as np


class Interval(NamedTuple):
    """A mean with the bounds of its confidence interval (NaN where one value gives none)."""

    mean: float
    low: float
    high: float


def interval(values, confidence=0.95):
    """Returns the mean of a sample and its confidence interval by Student's t.

    Args:
        values: sequence of n floats, one per seed.
        confidence: float between 0 and 1, default 0.95.

    Returns:
        `Interval(mean, low, high)`; `low` and `high` are NaN for n = 1.

    Raises:
        ValueError: no values, values of more than one dimension, or a confidence outside (0, 1).

    Example:
        >>> tuple(round(float(v), 3) for v in interval([0.90, 0.92, 0.94]))
        (0.92, 0.87, 0.97)
    """
    values = np.asarray(values, dtype="float64")
    if values.ndim != 1 or values.size == 0:
        raise ValueError(
            f"Argument `values` must be a non-empty sequence of numbers. Received: values={values}"
        )
    if not 0 < confidence < 1:
        raise ValueError(
            f"Argument `confidence` must be between 0 and 1. Received: confidence={confidence}"
        )
    mean = float(values.mean())
    if values.size == 1:
        return Interval(mean, math.nan, math.nan)
    from scipy.stats import t

    error = values.std(ddof=1) / math.sqrt(values.size)
    half = float(t.ppf((1 + confidence) / 2, values.size - 1) * error)
    return Interval(mean, mean - half, mean + half)


def paired_difference(a, b, confidence=0.95):
    """Returns the mean of `a - b`, paired by position, and its confidence interval.

    Runs of one seed share their initial weights and their data order, so that the difference
    varies less than either side.

    Args:
        a: sequence of n floats, one per seed.
        b: sequence of n floats, in the same order of seeds.
        confidence: float between 0 and 1, default 0.95.

    Returns:
        `Interval(mean, low, high)`.

    Raises:
        ValueError: the sequences differ in length, or as `interval`.

    Example:
        >>> tuple(round(float(v), 3) for v in paired_difference([0.90, 0.95], [0.88, 0.92]))
        (0.025, -0.039, 0.089)
    """
    a, b = np.asarray(a, dtype="float64"), np.asarray(b, dtype="float64")
    if a.shape != b.shape:
        raise ValueError(
            "Arguments `a` and `b` must hold one value per seed, in the same order. "
            f"Received: {a.size} and {b.size} values"
        )
    return interval(a - b, confidence)


def standard_error(accuracy, examples):
    """Returns the binomial standard error of an accuracy measured on so many examples.

    It says what another test set of this size would have changed, seeds aside:
    `sqrt(p (1 - p) / n)`.

    Args:
        accuracy: float in [0, 1].
        examples: int > 0, rows of the test set.

    Returns:
        float, in the units of `accuracy`.

    Raises:
        ValueError: an accuracy outside [0, 1] or no examples.

    Example:
        >>> round(standard_error(0.9, 400), 4)
        0.015
    """
    if not 0 <= accuracy <= 1:
        raise ValueError(
            f"Argument `accuracy` must be between 0 and 1. Received: accuracy={accuracy}"
        )
    if examples < 1:
        raise ValueError(f"Argument `examples` must be > 0. Received: examples={examples}")
    return math.sqrt(accuracy * (1 - accuracy) / examples)


def delta_m(multi, single, higher_is_better=True):
    """Returns the mean relative change of the tasks' metrics against single-task models.

    `delta_m = 100 / T * sum_t (-1)^l_t (M_t - S_t) / |S_t|` with `l_t = 1` where lower is better.
    **Positive: the multi-task model is better** (some papers print the opposite sign).

    Args:
        multi: dict task name -> metric of the multi-task model.
        single: dict task name -> metric of the single-task model.
        higher_is_better: bool for all tasks, or dict task name -> bool, default True.

    Returns:
        float, in per cent; NaN if a single-task metric is 0.

    Raises:
        ValueError: no task, or the dicts have different tasks.

    Reference:
        Maninis et al., "Attentive Single-Tasking of Multiple Tasks", CVPR 2019, equation 7;
        Vandenhende et al., "Multi-Task Learning for Dense Prediction Tasks", TPAMI 2021.

    Example:
        >>> multi, single = {"digits": 0.99, "depth": 1.0}, {"digits": 0.90, "depth": 1.25}
        >>> round(delta_m(multi, single, {"digits": True, "depth": False}), 6)
        15.0
    """
    better = higher_is_better
    if not isinstance(better, dict):
        better = dict.fromkeys(multi, better)
    if not multi or not set(multi) == set(single) == set(better):
        raise ValueError(
            "Arguments `multi`, `single` and `higher_is_better` must have the same tasks, at least "
            f"one. Received: {sorted(multi)}, {sorted(single)}, {sorted(better)}"
        )
    if not all(single.values()):
        return math.nan
    changes = [
        (1 if better[task] else -1) * (multi[task] - single[task]) / abs(single[task])
        for task in multi
    ]
    return 100 * float(np.mean(changes))
