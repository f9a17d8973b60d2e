"""Tables of results, for reports, notebooks and the README."""

import math
import operator

from mtl_keras.experiments import claims
from mtl_keras.experiments.blocks import Table, Text
from mtl_keras.experiments.results import gap, macro, score


def verdicts(found, *only):
    """Returns the table of verdicts, aspect by aspect.

    Args:
        found: list of `claims.Verdict`.
        *only: claims, such as `"C1"`. Defaults to all.

    Example:
        >>> found = [claims.Verdict("C1", "a, joint minus alone", "undecided", "+1.00 points")]
        >>> verdicts(found, "C1").rows
        [('C1', 'a, joint minus alone', 'undecided', '+1.00 points')]
    """
    rows = [tuple(verdict) for verdict in found if not only or verdict.claim in only]
    return Table(("claim", "aspect", "verdict", "numbers"), [(c, a, v, n) for c, a, v, n in rows])


def whole(found):
    """Returns the table of the claims, each with one answer: that of all its aspects together."""
    named = dict.fromkeys(verdict.claim for verdict in found)
    answers = {c: claims.together(v.answer for v in found if v.claim == c) for c in named}
    return Table(
        ("claim", "what it says", "as a whole"),
        [(claim, claims.CLAIMS[claim], answer) for claim, answer in answers.items()],
    )


def scores(results, variant, only=None):
    """Returns the table of test scores of a variant's rows, with intervals over seeds.

    Args:
        results: `Results`.
        variant: str.
        only: list of the rows to show. Defaults to all.
    """
    rows = results.runs[variant]
    tasks = tasks_of(rows)
    return Table(
        ("row", *(titled(rows, task) for task in tasks), "training rows", "seeds"),
        [
            (row, *(_score(results, variant, row, task) for task in tasks), _rows_of(by_seed),
             str(len(by_seed)))
            for row, by_seed in rows.items()
            if only is None or row in only
        ],
    )  # fmt: skip


def gains(results, variant):
    """Returns the table of what each task gains in the joint model, and delta-m; or nothing."""
    rows = results.runs[variant]
    tasks = [t for t in results.alone(variant) if results.has(variant, "joint", f"{t} alone")]
    tasks = [t for t in tasks if t in first(rows["joint"])["tasks"]]
    if not tasks:
        return []
    change = results.delta_m(variant)
    bounds = "" if math.isnan(change.low) else f" [{change.low:+.2f}, {change.high:+.2f}]"
    return [
        Table(
            ("joint minus alone", "difference", ""),
            [(task, *_change(rows, task, results.gain(variant, task))) for task in tasks],
        ),
        Text(f"delta-m, positive where the joint model is better: {change.mean:+.2f} %{bounds}"),
    ]


def details(rows):
    """Returns the table of precision, recall, F1 and the gap to the training rows; or nothing."""
    found = [line for name, by_seed in rows.items() for line in _details(name, by_seed)]
    header = "row, task", "macro precision", "macro recall", "macro F1", "training minus test"
    return [Table(header, found)] if found else []


def cost(results, variant, only=None):
    """Returns the table of parameters, operations and times of a variant's rows."""
    return Table(
        ("row", "parameters", "FLOPs per example", "CPU s per epoch", "CPU s in all"),
        [
            (row, *_cost(results, variant, row))
            for row in results.runs[variant]
            if only is None or row in only
        ],
    )


def first(by_seed):
    """Returns the result of the first seed."""
    return next(iter(by_seed.values()))


def tasks_of(rows):
    """Returns the tasks of some rows, each once."""
    runs = (run for by_seed in rows.values() for run in by_seed.values())
    return list(dict.fromkeys(task for run in runs for task in run["tasks"]))


def titled(rows, task):
    """Returns a task with its metric, unless that is the accuracy."""
    runs = [first(by_seed)["tasks"] for by_seed in rows.values()]
    metric = next(tasks[task]["metric"] for tasks in runs if task in tasks)
    return task if metric == "accuracy" else f"{task} ({metric})"


def _is_percent(rows, task):
    return titled(rows, task) == task


def _score(results, variant, row, task):
    found = results.interval(variant, row, score(task))
    if math.isnan(found.mean):
        return ""
    scale = 100 if _is_percent(results.runs[variant], task) else 1
    form = ".2f" if scale == 100 else ".4g"
    spread = "" if math.isnan(found.high) else f" ± {scale * (found.high - found.mean):.2g}"
    return f"{scale * found.mean:{form}}{spread}"


def _change(rows, task, found):
    text = claims.points(found) if _is_percent(rows, task) else f"{found.mean:+.4g}"
    return text, "" if found.low > 0 or found.high < 0 else "no difference shown"


def _rows_of(by_seed):
    counts = first(by_seed)["examples"]
    return ", ".join(sorted({f"{c['train']:,}" for c in counts.values() if "train" in c}))


def _details(row, by_seed):
    for task, found in first(by_seed)["tasks"].items():
        if found["confusion"] is None or found["metric"] != "accuracy":
            continue
        matrices = [run["tasks"][task]["confusion"] for run in by_seed.values()]
        values = [sum(v) / len(matrices) for v in zip(*map(macro, matrices))]
        trained = [gap(task)(r) for r in by_seed.values() if task in r.get("train", {})]
        excess = f"{100 * sum(trained) / len(trained):+.2f} points" if trained else ""
        yield f"{row}, {task}", *(f"{100 * value:.2f}" for value in values), excess


def _cost(results, variant, row):
    for key in ("parameters", "flops", "epoch_cpu_seconds", "cpu_seconds"):
        mean = results.interval(variant, row, operator.methodcaller("get", key)).mean
        yield "" if math.isnan(mean) else f"{mean:,.0f}" if mean >= 100 else f"{mean:.3g}"
