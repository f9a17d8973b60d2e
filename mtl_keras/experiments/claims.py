"""The articles' claims, and what results say of them."""

import math
import operator
from typing import NamedTuple

from mtl_keras.evaluation import interval
from mtl_keras.experiments.results import gap, robust, score

CLAIMS = {
    "C1": "Training several tasks in one model raises the accuracy of each.",
    "C2": "One shared model costs less than separate ones.",
    "C3": "New digits and new texts are classified with more than 90 % accuracy.",
    "C4": "Sharing improves generalisation.",
    "C5": "A perceptron beats clustering and dimension reduction.",
    "C6": "Fusing features raises accuracy and robustness.",
    "C7": "Multi-task beats two-task, multi-label and hierarchical classification.",
    "C8": "More layers, fewer layers, more data, stronger augmentation or a richer loss pay.",
}
SUPPORTED, REFUTED, UNDECIDED = "supported", "refuted", "undecided"


class Verdict(NamedTuple):
    """What results say of one aspect of a claim.

    Attributes:
        claim: str, `"C1"` to `"C8"`.
        aspect: str, what was compared.
        answer: `SUPPORTED`, `REFUTED` or `UNDECIDED`.
        numbers: str, the numbers it rests on.
    """

    claim: str
    aspect: str
    answer: str
    numbers: str


def judge(found, bound=0.0):
    """Says whether a quantity is above a bound: the 95 % interval lies above, below or around.

    Args:
        found: `Interval`. With NaN bounds, as of one seed, nothing is decided.
        bound: float. Defaults to 0.

    Example:
        >>> from mtl_keras.evaluation import interval
        >>> judge(interval([0.91, 0.92, 0.93]), 0.9), judge(interval([0.5]), 0.9)
        ('undecided', 'undecided')
        >>> judge(interval([0.91, 0.92, 0.93]), 0.8), judge(interval([0.91, 0.92, 0.93]), 1)
        ('supported', 'refuted')
    """
    if found.low > bound:
        return SUPPORTED
    return REFUTED if found.high < bound else UNDECIDED


def together(answers):
    """Returns the answer to a claim of several aspects, all of which must hold.

    Example:
        >>> together(["supported", "undecided"]), together(["supported", "refuted"])
        ('undecided', 'refuted')
    """
    answers = list(answers)
    if REFUTED in answers:
        return REFUTED
    return UNDECIDED if UNDECIDED in answers or not answers else SUPPORTED


def points(found):
    """Returns a difference of accuracies in points, with its interval.

    Example:
        >>> from mtl_keras.evaluation import interval
        >>> points(interval([0.01, 0.02])), points(interval([0.01]))
        ('+1.50 [-4.85, +7.85] points', '+1.00 points (one seed)')
    """
    return _with_bounds(found, 100, "+.2f", " points")


def percent(found):
    """Returns an accuracy in per cent, with its interval.

    Example:
        >>> from mtl_keras.evaluation import interval
        >>> percent(interval([0.5, 0.7]))
        '60.00 [-67.06, 187.06] %'
    """
    return _with_bounds(found, 100, ".2f", " %")


def _with_bounds(found, scale, form, unit):
    mean, low, high = (scale * value for value in found)
    if math.isnan(mean):
        return "no result"
    if math.isnan(low):
        return f"{mean:{form}}{unit} (one seed)"
    return f"{mean:{form}} [{low:{form}}, {high:{form}}]{unit}"


def difference(claim, aspect, found, form=points):
    """Returns the verdict on a difference that the claim says is above 0."""
    return Verdict(claim, aspect, judge(found), form(found))


def raises_accuracy(results, variants):
    """C1: each task in the joint model against the task alone."""
    return [
        difference("C1", f"{variant}: {task}, joint minus alone", results.gain(variant, task), form)
        for variant in variants
        if variant in results.runs
        for task in results.alone(variant)
        if results.has(variant, "joint", f"{task} alone")
        for form in (points if _is_accuracy(results, variant, task) else _plain,)
    ]


def _is_accuracy(results, variant, task):
    run = next(iter(results.runs[variant]["joint"].values()))
    return "accuracy" in run["tasks"].get(task, {}).get("metric", "")


def _plain(found):
    return _with_bounds(found, 1, "+.4g", " (less error is positive)")


def costs_less(results, variant, joint="joint", alone=None):
    """C2: parameters, operations and training time of one model against the sum of several.

    Times are of the CPU: those on a clock depend on what else the machine does.
    """
    alone = alone or [f"{task} alone" for task in results.alone(variant)]
    if not results.has(variant, joint, *alone):
        return []
    verdicts = []
    for key, aspect in (
        ("parameters", "parameters"),
        ("flops", "FLOPs of a forward pass"),
        ("epoch_cpu_seconds", "CPU seconds per epoch"),
    ):
        read = operator.methodcaller("get", key)
        one = results.values(variant, joint, read)
        several = [results.values(variant, row, read) for row in alone]
        seeds = [seed for seed in one if all(seed in each for each in several)]
        ratios = [one[s] / max(sum(each[s] for each in several), 1e-12) for s in seeds]
        aspect = f"{variant}: {aspect}, one model / {len(alone)} models"
        if ratios:
            verdicts.append(_ratio(aspect, ratios, exact=key != "epoch_cpu_seconds"))
    return verdicts + _time_to_target(results.runs[variant], variant, joint, alone)


def _time_to_target(rows, variant, joint, alone):
    """CPU seconds until every task is within 2 % of the best validation score that it has alone."""
    ratios = []
    for seed, run in rows[joint].items():
        singles = {row.removesuffix(" alone"): rows[row].get(seed) for row in alone}
        if None in singles.values() or "epoch_cpu_seconds" not in run:
            continue
        targets = {task: _target(single, task) for task, single in singles.items()}
        several = sum(_seconds_to(single, {t: targets[t]}) for t, single in singles.items())
        ratios.append(_seconds_to(run, targets) / max(several, 1e-12))
    aspect = f"{variant}: CPU seconds to 98 % of the best alone, one model / {len(alone)} models"
    missed = sum(map(math.isinf, ratios))
    if missed:
        text = f"not reached in {missed} of {len(ratios)} seeds"
        answer = REFUTED if missed == len(ratios) else UNDECIDED
        return [Verdict("C2", aspect, answer, text)]
    return [_ratio(aspect, ratios, exact=False)] if ratios else []


def _validation(run, task):
    """The validation scores of a task, more being better."""
    found = run["tasks"][task]
    sign = 1 if found["higher_is_better"] else -1
    values = run["history"][f"val_{task}_{found['metric']}"]
    return [-math.inf if value is None else sign * value for value in values]


def _target(run, task):
    best = max(_validation(run, task))
    return best - 0.02 * abs(best)


def _seconds_to(run, targets):
    """Seconds of training until each task had reached its target; infinite if one never did."""
    epochs = []
    for task, target in targets.items():
        reached = [i for i, value in enumerate(_validation(run, task), 1) if value >= target]
        epochs.append(reached[0] if reached else math.inf)
    return max(epochs) * run["epoch_cpu_seconds"]


def _ratio(aspect, ratios, exact):
    """The verdict on a ratio that the claim says is below 1; exact ones are those of all seeds."""
    if exact:
        return Verdict("C2", aspect, SUPPORTED if ratios[0] < 1 else REFUTED, f"{ratios[0]:.2f}")
    answer = judge(interval([1 - ratio for ratio in ratios]))
    return Verdict("C2", aspect, answer, _with_bounds(interval(ratios), 1, ".2f", ""))


def above(results, claim, variant, task, bound, row="joint"):
    """C3: the test accuracy of a task against a bound."""
    found = results.interval(variant, row, score(task))
    aspect = f"{variant}: {task} above {100 * bound:.0f} %"
    return Verdict(claim, aspect, judge(found, bound), percent(found))


def generalises(results, variant, tasks):
    """C4: the gap between training and test, and the accuracy on disturbed pictures."""
    verdicts = []
    for task in tasks:
        if not results.has(variant, "joint", f"{task} alone"):
            continue
        joint, alone = (variant, "joint"), (variant, f"{task} alone")
        for aspect, first, second, read in (
            ("gap between training and test, alone minus joint", alone, joint, gap(task)),
            ("disturbed pictures, joint minus alone", joint, alone, robust(task)),
        ):
            if read.__qualname__.startswith("robust") and not _disturbed(results, *joint, *alone):
                continue
            found = results.difference(first, second, read)
            verdicts.append(difference("C4", f"{variant}: {task}, {aspect}", found))
    return verdicts


def _disturbed(results, variant, row, _, other):
    runs = [*results.runs[variant][row].values(), *results.runs[variant][other].values()]
    return all("disturbed" in run for run in runs)
