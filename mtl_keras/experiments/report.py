"""The report of an experiment: what its results come to, as blocks that Markdown and HTML show."""

import math
import operator
from typing import NamedTuple

from mtl_keras.evaluation import plots
from mtl_keras.experiments import claims
from mtl_keras.experiments.figures import robustness
from mtl_keras.experiments.results import better, gap, macro, score


class Heading(NamedTuple):
    """A heading of level 1 to 3."""

    text: str
    level: int


class Text(NamedTuple):
    """A paragraph."""

    text: str


class Table(NamedTuple):
    """A header and rows of cells, all str."""

    header: tuple
    rows: list


class Picture(NamedTuple):
    """A figure, or the path of a PNG file, with its name."""

    name: str
    figure: object


def blocks(experiment, results, scale, folder=None):
    """Returns the report of an experiment.

    Args:
        experiment: module of `mtl_keras.experiments`.
        results: its `Results`.
        scale: str, the scale they were made at.
        folder: `Path` of the experiment, of whose `pictures` those of this scale are shown.
            Defaults to none.

    Returns:
        list of `Heading`, `Text`, `Table` and `Picture`.
    """
    found = [Heading(experiment.TITLE, 1), Text(_made_of(results, scale))]
    found += [Heading("Protocol", 2), *map(Text, experiment.__doc__.strip().split("\n\n"))]
    found += [Heading("Claims", 2), *_claims(experiment.verdicts(results), scale)]
    for variant, rows in results.runs.items():
        found += [Heading(variant, 2), *_variant(results, variant, rows)]
    drawn = experiment.figures(results)
    pictures = folder / "pictures" if folder else None
    files = sorted(pictures.glob(f"{scale}-*.png")) if pictures and pictures.is_dir() else []
    if drawn or files:
        found.append(Heading("Further figures", 2))
    found += [Picture(name, figure) for name, figure in drawn.items()]
    return found + [Picture(path.stem, path) for path in files]


def _made_of(results, scale):
    runs = [r for rows in results.runs.values() for by_seed in rows.values() for r in
            by_seed.values()]  # fmt: skip
    if not runs:
        return f"Scale `{scale}`: there are no results."
    seeds = sorted({run["seed"] for run in runs})
    versions = ", ".join(f"{k} {v}" for k, v in runs[0]["versions"].items())
    return (
        f"Scale `{scale}`, {len(seeds)} seed{'s' * (len(seeds) > 1)} "
        f"({', '.join(map(str, seeds))}), {versions}; {runs[0]['machine']['processor']}, "
        f"{runs[0]['machine']['cores']} cores. Accuracies are of test rows, in per cent; "
        "± and [ ] are 95 % intervals over seeds (Student's t), differences are paired by seed."
    )


def _claims(verdicts, scale):
    if scale == "smoke":
        yield Text("At this scale the code is tested, not the claims.")
    rows = [(v.claim, v.aspect, v.answer, v.numbers) for v in verdicts]
    whole = {claim: claims.together(v.answer for v in verdicts if v.claim == claim) for claim in
             dict.fromkeys(v.claim for v in verdicts)}  # fmt: skip
    yield Table(
        ("claim", "what it says", "as a whole"),
        [(claim, claims.CLAIMS[claim], answer) for claim, answer in whole.items()],
    )
    yield Table(("claim", "aspect", "verdict", "numbers"), rows)
    yield Text(
        "Supported: the whole interval lies on the claim's side. Refuted: on the other. Undecided: "
        "the difference is smaller than its interval, or one seed gives none."
    )


def _variant(results, variant, rows):
    tasks = list(dict.fromkeys(t for by_seed in rows.values() for r in by_seed.values()
                               for t in r["tasks"]))  # fmt: skip
    yield Table(
        ("row", *(_titled(rows, task) for task in tasks), "training rows", "seeds"),
        [
            (row, *(_score(results, variant, row, task) for task in tasks), _rows_of(by_seed),
             str(len(by_seed)))
            for row, by_seed in rows.items()
        ],
    )  # fmt: skip
    gains = [t for t in results.alone(variant) if results.has(variant, "joint", f"{t} alone")]
    gains = [t for t in gains if t in next(iter(rows["joint"].values()))["tasks"]]
    if gains:
        yield Table(
            ("joint minus alone", "difference", ""),
            [(task, *_change(rows, task, results.gain(variant, task))) for task in gains],
        )
        change = results.delta_m(variant)
        bounds = "" if math.isnan(change.low) else f" [{change.low:+.2f}, {change.high:+.2f}]"
        yield Text(
            f"delta-m, positive where the joint model is better: {change.mean:+.2f} %{bounds}"
        )
    details = [row for row in (_details(name, by_seed) for name, by_seed in rows.items()) if row]
    if details:
        yield Table(("row, task", "macro precision", "macro recall", "macro F1",
                     "training minus test"), [d for each in details for d in each])  # fmt: skip
    yield Table(
        ("row", "parameters", "FLOPs per example", "seconds per epoch", "seconds in all"),
        [(row, *_cost(results, variant, row)) for row in rows],
    )
    yield from _pictures(variant, rows, tasks)


def _first(by_seed):
    return next(iter(by_seed.values()))


def _titled(rows, task):
    runs = [_first(by_seed)["tasks"] for by_seed in rows.values()]
    metric = next(tasks[task]["metric"] for tasks in runs if task in tasks)
    return task if metric == "accuracy" else f"{task} ({metric})"


def _is_percent(rows, task):
    return _titled(rows, task) == task


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
    counts = _first(by_seed)["examples"]
    return ", ".join(sorted({f"{c['train']:,}" for c in counts.values() if "train" in c}))


def _details(row, by_seed):
    for task, found in _first(by_seed)["tasks"].items():
        if found["confusion"] is None or found["metric"] != "accuracy":
            continue
        matrices = [run["tasks"][task]["confusion"] for run in by_seed.values()]
        values = [sum(v) / len(matrices) for v in zip(*map(macro, matrices))]
        trained = [gap(task)(r) for r in by_seed.values() if task in r.get("train", {})]
        excess = f"{100 * sum(trained) / len(trained):+.2f} points" if trained else ""
        yield f"{row}, {task}", *(f"{100 * value:.2f}" for value in values), excess


def _cost(results, variant, row):
    for key in ("parameters", "flops", "epoch_seconds", "seconds"):
        read = operator.methodcaller("get", key)
        mean = results.interval(variant, row, read).mean
        yield "" if math.isnan(mean) else f"{mean:,.0f}" if mean >= 100 else f"{mean:.3g}"


def _pictures(variant, rows, tasks):
    """Learning curves of the joint model and those alone, confusion matrices, disturbances."""
    curves = {}
    for task in tasks:
        for row, by_seed in rows.items():
            run = _first(by_seed)
            if row not in ("joint", f"{task} alone") or task not in run["tasks"]:
                continue
            key = f"val_{task}_{run['tasks'][task]['metric']}"
            if isinstance(run.get("history"), dict) and key in run["history"]:
                lines = [[math.nan if v is None else v for v in r["history"][key]] for r in
                         by_seed.values()]  # fmt: skip
                curves.setdefault(task, {})[row] = lines
    if curves:
        yield Picture(f"{variant}: learning curves", plots.learning_curves(curves, "validation"))
    matrices = {}
    for task, found in _first(rows["joint"])["tasks"].items() if "joint" in rows else ():
        if found["confusion"] is not None:
            runs = [run["tasks"][task]["confusion"] for run in rows["joint"].values()]
            matrices[task] = [[sum(c) for c in zip(*lines)] for lines in zip(*runs)]
    if matrices:
        names = {task: _first(rows["joint"])["tasks"][task]["classes"] for task in matrices}
        picture = plots.confusion_matrices(matrices, names)
        yield Picture(f"{variant}: confusion of the joint model", picture)
    for task in tasks[:1]:
        found = {row: _disturbed(by_seed, task) for row, by_seed in rows.items()}
        found = {row: levels for row, levels in list(found.items())[:6] if levels}
        if found:
            yield Picture(f"{variant}: {task}, disturbed", robustness(found))


def _disturbed(by_seed, task):
    runs = [run for run in by_seed.values() if "disturbed" in run and task in run["tasks"]]
    if not runs or better(task)(runs[0]) is None:
        return None
    return {
        kind: [
            (level, sum(run["disturbed"][kind][i][1][task] for run in runs) / len(runs))
            for i, (level, _) in enumerate(levels)
        ]
        for kind, levels in runs[0]["disturbed"].items()
    }
