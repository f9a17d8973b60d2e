"""The tables of the five articles' experiments, from the runs that are there.

python results/articles.py [claims | full_claims | full_scores | times]
"""

import itertools
import json
import sys
from pathlib import Path

from mtl_keras import experiments
from mtl_keras.experiments import overview, render, runner, tables
from mtl_keras.experiments.blocks import Heading, Table

HERE = Path(__file__).parent
SCALES = {"laptop": range(5), "full": range(3)}
"""Scale -> seeds that are asked for."""


def claims(scale="laptop"):
    """The claims C1 to C8, from the runs at laptop scale."""
    return render.markdown(overview.claims_table(overview.verdicts(HERE, scale, SCALES[scale])))


def full_claims():
    """The claims that the runs at full scale say something of."""
    return claims("full")


def full_scores():
    """Test scores at full scale, and what each task gains in the joint model."""
    blocks = []
    for name in experiments.ARTICLES:
        results = runner.read(experiments.get(name), "full", SCALES["full"], HERE)
        for variant in results.runs:
            blocks += [Heading(f"{name}, {variant}", 4), tables.scores(results, variant)]
            blocks += tables.gains(results, variant)
    return "\n\n".join(render.markdown(block) for block in blocks)


def times():
    """What the runs took, experiment by experiment."""
    rows = []
    for scale, name in itertools.product(SCALES, experiments.ARTICLES):
        paths = sorted((HERE / name / "runs").glob(f"{scale}-*.json"))
        if paths:
            runs = [json.loads(path.read_text()) for path in paths]
            seeds = {run["seed"] for run in runs}
            wall = [run["seconds"] / 60 for run in runs]
            cpu = sum(run["cpu_seconds"] for run in runs) / 60
            rows.append(
                (name, scale, f"{len(seeds)}", f"{len(runs) / len(seeds):.0f}", f"{max(wall):.1f}",
                 f"{sum(wall) / len(seeds):.1f}", f"{cpu / len(seeds):.1f}")
            )  # fmt: skip
    header = "experiment", "scale", "seeds", "runs a seed", "longest run", "seed", "seed, CPU"
    note = "Minutes of training, each run on one core, which other work slowed down at times."
    return f"{render.markdown(Table(header, rows))}\n\n{note}"


if __name__ == "__main__":
    for name in sys.argv[1:] or ["claims", "full_claims", "full_scores", "times"]:
        print(globals()[name](), end="\n\n")
