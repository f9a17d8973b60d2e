"""Writes the tables of README.md and docs/results.md from the JSON files in this folder.

python results/tables.py [--check]
"""

import json
import runpy
import sys
from pathlib import Path

from mtl_keras.evaluation import Comparison

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # The scripts that make tables import each other.
DOCUMENTS = [HERE.parent / "README.md", HERE.parent / "docs" / "results.md"]


def demo():
    """The screen of `make demo`."""
    return f"```text\n{(HERE / 'demo.txt').read_text().rstrip()}\n```"


def three_tasks():
    """Test accuracy of the joint model and of single-task models."""
    return Comparison.from_json(HERE / "three_tasks" / "comparison.json").markdown()


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


BLOCKS = {"demo": demo, "three_tasks": three_tasks, "step_cost": step_cost}
"""Name of a block -> function that makes it."""
SCRIPTS = {
    "text": ("text_branches.py", "text_table"),
    "trec": ("text_branches.py", "trec_table"),
    "trunks": ("trunks.py", "trunks_table"),
    "fusion": ("absent_parts.py", "table"),
    "fusion_digits": ("fusion_digits.py", "table"),
    "ensembles": ("ensembles.py", "table"),
    "architectures": ("architectures.py", "table"),
    "components": ("components.py", "table"),
    "products": ("products.py", "table"),
    "weights_time": ("weighting.py", "weights_time"),
    "weighting_errors": ("weighting.py", "weighting_errors"),
    "conformance": ("weighting.py", "conformance"),
    "jacobian": ("weighting.py", "jacobian"),
    "peers": ("weighting.py", "peers"),
    "multi_mnist": ("weighting.py", "multi_mnist"),
    "article_claims": ("articles.py", "claims"),
    "article_full_claims": ("articles.py", "full_claims"),
    "article_full_scores": ("articles.py", "full_scores"),
    "article_times": ("articles.py", "times"),
}
"""Name of a block -> script of the experiment and its function that makes it."""
NAMES = [*BLOCKS, *SCRIPTS]


def block(name):
    """The text of a block, made from the result files that are there."""
    if name in BLOCKS:
        return BLOCKS[name]()
    script, function = SCRIPTS[name]
    return runpy.run_path(str(HERE / script))[function]()


def fill(document):
    """Returns a document with each block between its marks made anew."""
    for name in NAMES:
        start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        if start in document:
            before, rest = document.split(start)
            _, after = rest.split(end)
            document = f"{before}{start}\n{block(name)}\n{end}{after}"
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
