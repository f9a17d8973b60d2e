"""Writes the tables of README.md and docs/results.md from the JSON files in this folder.

python results/tables.py [--check]
"""

import json
import runpy
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # The scripts that make tables import each other.
DOCUMENTS = [HERE.parent / "README.md", HERE.parent / "docs" / "results.md"]


def demo():
    """The screen of `make demo`."""
    return f"```text\n{read_text('demo.txt')}\n```"


def three_tasks():
    """Test accuracy of the joint model and, once they are there, of the single-task models."""
    from mtl_keras.evaluation import Comparison

    whole = HERE / "three_tasks" / "comparison.json"
    if whole.exists():
        return Comparison.from_json(whole).markdown()
    runs = [json.loads(path.read_text()) for path in sorted(whole.parent.glob("runs/*.json"))]
    tasks = list(dict.fromkeys(task for run in runs for task in run["tasks"]))
    rows = [
        f"| run | seed | {' | '.join(tasks)} | CPU minutes |",
        "|---|---|" + "---|" * (len(tasks) + 1),
    ]
    for run in runs:
        scores = (run["tasks"].get(task, {}).get("score") for task in tasks)
        shown = " | ".join("" if score is None else f"{100 * score:.2f} %" for score in scores)
        kind = "all together" if run["kind"] == "multi" else "alone"
        rows.append(f"| {kind} | {run['seed']} | {shown} | {run['cpu_seconds'] / 60:.0f} |")
    examples = {task: n for run in runs for task, n in run["examples"].items()}
    counts = ", ".join(f"{task} {n['train']:,}" for task, n in examples.items())
    note = f"Test accuracy; training rows: {counts}. The other runs of the plan are not done yet."
    return "\n".join([*rows, "", note])


def step_cost():
    """CPU time of a step, as a ratio to plain Keras."""
    found = json.loads((HERE / "step_cost.json").read_text())
    rows = ["| step | CPU ms | ratio |", "|---|---|---|"]
    rows += [
        f"| `{name}` | {row['cpu_ms']:.0f} | {row['ratio']:.3f} |"
        for name, row in found["steps"].items()
    ]
    rows += [
        "",
        f"Waiting for data: {100 * found['waiting']:.1f} % of a step ({found['command']}).",
    ]
    return "\n".join(rows)


def text():
    """Test accuracy and cost of the text branches on real data."""
    return table_of("text_branches.py", "text_table")


def trec():
    """TREC's two label sets from one model, beside a model for each."""
    return table_of("text_branches.py", "trec_table")


def trunks():
    """Test accuracy and cost of the trunks on real data."""
    return table_of("trunks.py", "trunks_table")


def fusion():
    """Test accuracy of every fusion with parts absent."""
    return table_of("absent_parts.py")


def fusion_digits():
    """Test accuracy of every fusion on handwritten digits and number words."""
    return table_of("fusion_digits.py")


def ensembles():
    """Test accuracy of output ensembles beside that of their members."""
    return table_of("ensembles.py")


def architectures():
    """Test accuracy and cost of every sharing architecture on real data."""
    return table_of("architectures.py")


def components():
    """Parameters and FLOPs of every builder with its defaults."""
    found = json.loads((HERE / "components.json").read_text())["kinds"]
    rows = ["| kind | builder | parameters | MFLOPs |", "|---|---|---|---|"]
    for kind, costs in found.items():
        rows += [
            f"| {kind} | `{name}` | {cost['parameters']:,} | {cost['flops'] / 1e6:,.2f} |"
            for name, cost in costs["costs"].items()
        ]
    counted = "; ".join(f"{kind} on {costs['counted_on']}" for kind, costs in found.items())
    return "\n".join([*rows, "", f"One forward pass of one example. Counted: {counted}."])


def table_of(script, name="table"):
    """The table that an experiment's script makes of its result files."""
    return runpy.run_path(str(HERE / script))[name]()


def products():
    """What passed of the whole products of components and settings."""
    return table_of("products.py")


def weights_time():
    """Milliseconds from the Gramian to the weights."""
    return table_of("weighting.py", "weights_time")


def weighting_errors():
    """Worst errors of the Gramian methods against float64 references."""
    return table_of("weighting.py", "weighting_errors")


def conformance():
    """Method x property of the conformance suite."""
    return table_of("weighting.py", "conformance")


def jacobian():
    """What the settings of `Jacobian` cost and lose."""
    return table_of("weighting.py", "jacobian")


def peers():
    """Time of a whole training step beside the peers'."""
    return table_of("weighting.py", "peers")


def article_claims():
    """The articles' claims C1 to C8, from the runs at laptop scale."""
    return table_of("articles.py", "claims")


def article_full_claims():
    """The claims that the runs at full scale say something of."""
    return table_of("articles.py", "full_claims")


def article_full_scores():
    """Test scores of the runs at full scale."""
    return table_of("articles.py", "full_scores")


def article_times():
    """What the runs of the articles took."""
    return table_of("articles.py", "times")


def read_text(name):
    """The text of a result file."""
    return (HERE / name).read_text().rstrip()


BLOCKS = [
    demo, three_tasks, step_cost, text, trec, trunks, fusion, fusion_digits, ensembles,
    architectures, components, products, weights_time, weighting_errors, conformance, jacobian,
    peers, article_claims, article_full_claims, article_full_scores, article_times,
]  # fmt: skip


def fill(document):
    """Returns a document with each block between its marks made anew."""
    for block in BLOCKS:
        start, end = f"<!-- {block.__name__} -->", f"<!-- /{block.__name__} -->"
        if start in document:
            before, rest = document.split(start)
            _, after = rest.split(end)
            document = f"{before}{start}\n{block()}\n{end}{after}"
    return document


def main():
    for path in DOCUMENTS:
        now = path.read_text()
        made = fill(now)
        if "--check" not in sys.argv:
            path.write_text(made)
        elif made != now:
            sys.exit(f"{path.name} does not agree with results/: run results/tables.py")


if __name__ == "__main__":
    main()
