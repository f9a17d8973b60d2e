"""Writes the figures of docs/faq.md from the JSON files in this folder.

python results/faq.py [--check]
"""

import collections
import json
import sys
from pathlib import Path

from mtl_keras import experiments
from mtl_keras.evaluation import interval
from mtl_keras.experiments import baselines, claims, multi_mnist_table, render, runner, tables
from mtl_keras.experiments.blocks import Table
from mtl_keras.experiments.results import robust, score

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "faq.md"
MISSING = "*The runs for this answer are not there yet.*"
FIRST_TASK = {
    "image_text": "topics", "image_mlp": "digit", "feature_fusion": "objects",
    "data_classification": "objects", "image_recognition": "objects",
}  # fmt: skip


def read(name, scale="laptop"):
    """The results of an experiment that are there."""
    return runner.read(experiments.get(name), scale, range(5), HERE)


def optimizer():
    """The articles' optimizers against the tuned one, in the joint models."""
    rows = []
    for name, task in FIRST_TASK.items():
        results = read(name)
        pair = ("tuned", "joint"), ("article", "joint")
        if all(results.has(*row) for row in pair):
            values = (claims.percent(results.interval(*row, score(task))) for row in pair)
            rows.append(
                (name, task, *values, claims.points(results.difference(*pair, score(task))))
            )
    return table(("experiment", "task", "tuned", "article", "difference"), rows)


def extractor():
    """Each feature and network on CIFAR-10, clean and disturbed."""
    rows, results = [], read("feature_fusion")
    for variant in ("features", "networks"):
        for row in results.runs.get(variant, {}):
            clean = claims.percent(results.interval(variant, row, score("objects")))
            parameters = results.interval(variant, row, lambda run: run.get("parameters")).mean
            size = "" if parameters != parameters else f"{parameters:,.0f}"
            rows.append((row, clean, _disturbed(results, variant, row), size))
    return table(("features or network", "objects", "disturbed", "parameters"), rows)


def _disturbed(results, variant, row):
    runs = results.runs[variant][row].values()
    if not all("disturbed" in run for run in runs):
        return ""
    return claims.percent(results.interval(variant, row, robust("objects")))


def text_branch():
    """The text branches of the joint model, and linear models on the same rows."""
    results, rows = read("image_text"), {"averaged vectors": ("tuned", "joint")}
    for text in experiments.get("image_text").TEXTS[1:]:
        rows[text] = (f"text_{text}", "joint")
    for name in baselines.TEXTS:
        rows[f"scikit-learn: {name}"] = ("tuned", f"topics: {name}")
    found = [
        (name, claims.percent(results.interval(*row, score("topics"))), _seconds(results, row))
        for name, row in rows.items()
        if results.has(*row)
    ]
    return table(("text branch", "topics", "CPU seconds"), found)


def _seconds(results, row):
    return f"{results.interval(*row, lambda run: run['cpu_seconds']).mean:.0f}"


def gains():
    """What each task gains in the joint model, over all experiments."""
    rows = []
    for name in experiments.ARTICLES:
        results = read(name)
        for variant in ("article", "tuned"):
            for block in tables.gains(results, variant) if variant in results.runs else ():
                if isinstance(block, Table):
                    rows += [(name, variant, *cells) for cells in block.rows]
    rows += _three_tasks()
    return table(("experiment", "setting", "task", "joint minus alone", ""), rows)


def _three_tasks():
    path = HERE / "three_tasks" / "comparison.json"
    found = json.loads(path.read_text())["table"]["tasks"] if path.exists() else {}
    for task, of_task in found.items():
        mean, low, high = (100 * of_task["difference"][k] for k in ("mean", "low", "high"))
        shown = "" if low > 0 or high < 0 else "no difference shown"
        text = f"{mean:+.2f} [{low:+.2f}, {high:+.2f}] points"
        yield "three data sets, all rows", "", task, text, shown


def few_labels():
    """The joint model against the class alone, by the part of the training rows."""
    results, rows = read("image_mlp"), []
    for fraction in experiments.get("image_mlp").FRACTIONS:
        pair = [("fractions", f"{r}, {100 * fraction:g} %") for r in ("joint", "digit alone")]
        if all(results.has(*row) for row in pair):
            values = (claims.percent(results.interval(*row, score("digit"))) for row in pair)
            change = claims.points(results.difference(*pair, score("digit")))
            rows.append((f"{100 * fraction:g} %", *values, change))
    return table(("training rows", "joint", "digit alone", "difference"), rows)


def cost():
    """One model of N tasks against N models."""
    results, rows = read("data_classification"), []
    for number in experiments.get("data_classification").NUMBERS:
        variant, alone = f"tasks_{number}", [f"object{index} alone" for index in range(number)]
        if results.has(variant, "joint", *alone):
            keys = ("parameters", "flops", "epoch_cpu_seconds", "latency_ms")
            rows.append((str(number), *(_share(results, variant, alone, key) for key in keys)))
    header = "tasks", "parameters", "operations", "CPU seconds per epoch", "latency"
    return table(header, rows)


def _share(results, variant, alone, key):
    one, *several = (
        results.interval(variant, row, lambda run: run[key]).mean for row in ("joint", *alone)
    )
    return f"{one / sum(several):.2f}"


def posings():
    """The same ten classes, asked for in several ways."""
    results = read("data_classification")
    rows = [
        (row, claims.percent(results.interval("posings", row, score("objects"))))
        for row in results.runs.get("posings", {})
    ]
    return table(("posed as", "objects"), rows)


def sensors():
    """All sensors against each alone, some of them failed."""
    results = read("feature_fusion")
    rows = [
        (row, *(claims.percent(results.interval("smart_home", row, score(t))) for t in tasks))
        for tasks in [experiments.get("feature_fusion").HOME]
        for row in results.runs.get("smart_home", {})
        if row == "joint" or row.endswith("only")
    ]
    return table(("sensors", "door or window", "open or closed"), rows)


def weighting():
    """What methods gain over equal weights on MultiMNIST, and what a step costs with them."""
    runs = collections.defaultdict(list)
    for path in sorted((HERE / "multi_mnist").glob("mnist-*.json")):
        run = json.loads(path.read_text())
        facts = run["configuration"]
        runs[facts["epochs"], facts["method"]].append(run)
    rows = []
    for (epochs, name), found in sorted(runs.items(), reverse=True):
        if name != "equal" and not name.startswith("single"):
            gain = interval(multi_mnist_table.gains(found, runs[epochs, "equal"]))
            rows.append((f"`{name}`", str(epochs), claims.points(gain)))
    gained = table(("MultiMNIST", "epochs", "against equal weights"), rows)
    steps = json.loads((HERE / "step_cost.json").read_text())["steps"]
    rows = [(f"`{name}`", f"{step['ratio']:.2f}") for name, step in steps.items()]
    cost = table(("step", "CPU time against plain Keras"), rows)
    cases = json.loads((HERE / "peers.json").read_text())["cases"]
    rows = [(f"`{name}`", f"{_by_xla(case):.2f}") for name, case in cases.items()]
    compiled = table(("network", "plain step on a CPU, time with XLA against without"), rows)
    return "\n\n".join((gained, cost, compiled))


def _by_xla(case):
    runners = case["runners"]
    return runners["ours, XLA"]["equal"]["cpu_ms"] / runners["ours"]["equal"]["cpu_ms"]


def factors():
    """One factor changed at a time."""
    results, rows = read("image_recognition"), []
    base = "base", "joint"
    for name in ("base", *experiments.get("image_recognition").FACTORS):
        if results.has(name, "joint") and results.has(*base):
            value = claims.percent(results.interval(name, "joint", score("objects")))
            change = claims.points(results.difference((name, "joint"), base, score("objects")))
            costs = tables.cost(results, name).rows[0][1:4]
            rows.append((name.replace("_", " "), value, change if name != "base" else "", *costs))
    return table(
        ("factor", "objects", "against base", "parameters", "FLOPs", "CPU s per epoch"), rows
    )


def table(header, rows):
    """The rows as Markdown, or that they are missing."""
    return render.markdown(Table(header, rows)) if rows else MISSING


BLOCKS = (
    optimizer, extractor, text_branch, gains, few_labels, cost, posings, sensors, weighting,
    factors,
)  # fmt: skip


def fill(text):
    """Returns the page with each block between its marks made anew."""
    for block in BLOCKS:
        start, end = f"<!-- {block.__name__} -->", f"<!-- /{block.__name__} -->"
        before, rest = text.split(start)
        _, after = rest.split(end)
        text = f"{before}{start}\n{block()}\n{end}{after}"
    return text


def main():
    now = PAGE.read_text()
    made = fill(now)
    if "--check" in sys.argv:
        sys.exit(
            0 if made == now else "docs/faq.md does not agree with results/: run results/faq.py"
        )
    PAGE.write_text(made)


if __name__ == "__main__":
    main()
