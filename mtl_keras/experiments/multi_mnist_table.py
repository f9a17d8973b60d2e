"""The table of MultiMNIST: own runs beside the published means and intervals."""

import collections
import math
import statistics

from mtl_keras.evaluation import interval

PUBLISHED = {  # mean test accuracy of the two tasks over 10 runs, half of its 95 % interval
    "equal": ("Unit. Scal.", 0.9476, 0.004368),
    "imtl": ("IMTL", 0.9487, 0.002533),
    "mgda": ("MGDA", 0.9478, 0.001977),
    "graddrop": ("GradDrop", 0.9347, 0.01282),
    "pcgrad": ("PCGrad", 0.9479, 0.003578),
    "rlw_dirichlet": ("RLW Diri.", 0.9430, 0.002973),
    "rlw_normal": ("RLW Norm.", 0.9399, 0.008929),
}
NOTES = {
    "mnist": "Published: Kurin et al. 2022, Figure 7(c), 10 runs. Single tasks are not published.",
    "fashion": "A re-creation: the published pictures are not to be had, so no figure is compared.",
    "mnist_and_fashion": (
        "A re-creation: the published pictures are not to be had, so no figure is compared. For "
        "scale, ResNet-18 on the published ones (Shi et al. 2023): single tasks 98.37 and 89.63 %, "
        "equal weights 97.42 and 88.82 %."
    ),
}
_REDUCED = "Fewer epochs than published: these runs are compared with each other only."
_SINGLES = ("single_left", "single_right")
_HEADER = (
    "| method | published | here | runs | against published | minus Unit. Scal. | left | right "
    "| s per epoch |"
)


def verdict(scores, mean, half):
    """Returns where the mean of own runs lies, by two standard errors of the difference.

    Args:
        scores: list of float, one for each seed.
        mean: float, the published mean.
        half: float, half of the published 95 % interval; taken as 1.96 standard errors, as the
            paper does not say how it was made.

    Returns:
        `"inside"`, `"above"` or `"below"`, or `"one run"` where that cannot be said.

    Example:
        >>> verdict([0.947, 0.949, 0.951], 0.9476, 0.004368)
        'inside'
        >>> verdict([0.931, 0.932, 0.933], 0.9476, 0.004368)
        'below'
    """
    if len(scores) < 2:
        return "one run"
    own = statistics.stdev(scores) / math.sqrt(len(scores))
    difference = statistics.mean(scores) - mean
    if abs(difference) <= 2 * math.hypot(own, half / 1.96):
        return "inside"
    return "above" if difference > 0 else "below"


def gains(runs, equal):
    """Returns what some runs score more than those of equal weights, list of float, one a seed.

    Args:
        runs: list of results of one method.
        equal: list of results of equal weights; seeds that it lacks are left out.

    Example:
        >>> equal = [{"seed": 1, "score": 0.5}]
        >>> gains([{"seed": 1, "score": 0.75}, {"seed": 2, "score": 1.0}], equal)
        [0.25]
    """
    base = {run["seed"]: run["score"] for run in equal}
    return [run["score"] - base[run["seed"]] for run in runs if run["seed"] in base]


def markdown(runs):
    """Returns the tables of some runs of one set, one for each number of epochs.

    Args:
        runs: list of results of `multi_mnist.run`.

    Example:
        >>> print(markdown([]))
        No run yet.
    """
    if not runs:
        return "No run yet."
    by_protocol = collections.defaultdict(list)
    for run in runs:
        by_protocol[run["configuration"]["protocol"]].append(run)
    return "\n\n".join(_table(*item) for item in sorted(by_protocol.items()))


def _table(protocol, runs):
    pictures = runs[0]["configuration"]["pictures"]
    by_method = collections.defaultdict(list)
    for run in runs:
        by_method[run["configuration"]["method"]].append(run)
    others = sorted(set(by_method) - set(PUBLISHED) - set(_SINGLES))
    names = [name for name in (*PUBLISHED, *others) if name in by_method]
    comparable = pictures == "mnist" and protocol == "published"
    rows = [_row(name, by_method[name], by_method["equal"], comparable) for name in names]
    rows += _single_row(by_method)
    lines = [
        f"Overlaid pictures `{pictures}`, protocol {protocol}. Mean test accuracy, %, of the best "
        "validation epoch; ±: 95 % interval over runs (Student's t), differences paired over "
        "seeds. Inside, above, below: by two standard errors of the difference.",
        "\n".join([_HEADER, "|---|---|---|---|---|---|---|---|---|", *rows]),
        NOTES[pictures] if comparable or pictures != "mnist" else _REDUCED,
    ]
    return "\n\n".join(lines)


def _row(name, runs, equal, comparable):
    scores = [run["score"] for run in runs]
    label, mean, half = PUBLISHED.get(name, (name, None, None))
    published = against = ""
    if mean is not None and comparable:
        published, against = f"{100 * mean:.2f} ± {100 * half:.2f}", verdict(scores, mean, half)
    more = _percent(gains(runs, equal), "+") if name != "equal" else ""
    cells = [label, published, _percent(scores), str(len(scores)), against, more]
    for task in ("left", "right"):
        cells.append(_percent([run["tasks"][task]["score"] for run in runs]))
    return _line([*cells, _seconds(runs)])


def _single_row(by_method):
    """Both single-task networks together, over the seeds that both have."""
    sides = [{run["seed"]: run for run in by_method[name]} for name in _SINGLES]
    seeds = [seed for seed in sides[0] if seed in sides[1]]
    if not seeds:
        return []
    scores = [[side[seed]["score"] for seed in seeds] for side in sides]
    means = [statistics.mean(pair) for pair in zip(*scores)]
    cells = ["both alone", "", _percent(means), str(len(seeds)), "", ""]
    cells += [*map(_percent, scores), ""]
    return [_line(cells)]


def _seconds(runs):
    """The median over epochs, which a busy machine moves least."""
    return f"{statistics.median(s for run in runs for s in run['history']['seconds']):.1f}"


def _percent(scores, sign=""):
    if not scores:
        return ""
    mean, _, high = interval(scores)
    half = "" if math.isnan(high) else f" ± {100 * (high - mean):.2f}"
    return f"{100 * mean:{sign}.2f}{half}"


def _line(cells):
    return "| " + " | ".join(cells) + " |"
