"""Every exact Gramian method x kind of Jacobian x number of tasks x seeds, with and without XLA.

Errors of the direction Jᵀw against float64 references, in `results/weighting_errors.json`: the
worst of each kind, with the weights as the method returns them (float32). What passed is kept with
the digest of the weighting source, and done again only when that has changed.
"""

import functools
import hashlib
import inspect
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from mtl_keras import weighting
from mtl_keras.evaluation import results
from tests.weighting import weighting_cases as cases
from tests.weighting.directions import built, rounding, weigh
from tests.weighting.test_imtl_g import reference as reference_imtlg

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "results" / "weighting_errors.json"
TASKS = {False: (1, 2, 3, 5, 10, 20, 40), True: (2, 5, 40)}
SEEDS = range(100, 103)
WIDTH = 300


def fair(alpha):
    return functools.partial(cases.reference_fair, alpha=alpha)


def summed(reference):
    """A reference of the mean convention, in the sum convention."""

    def times_tasks(jacobian):
        wanted, info = reference(jacobian)
        return len(jacobian) * wanted, info

    return times_tasks


METHODS = {
    "mgda": (weighting.MGDA, {}, cases.reference_min_norm),
    "dualproj": (weighting.DualProj, {}, cases.reference_dualproj),
    "upgrad": (weighting.UPGrad, {}, cases.reference_upgrad),
    "cagrad c=0.5": (weighting.CAGrad, {"c": 0.5}, cases.reference_cagrad),
    "cagrad c=1.5": (
        weighting.CAGrad,
        {"c": 1.5},
        functools.partial(cases.reference_cagrad, c=1.5),
    ),
    "nash_mtl": (weighting.NashMTL, {"max_norm": 0}, fair(1.0)),
    "fairgrad alpha=0.5": (weighting.FairGrad, {"alpha": 0.5}, fair(0.5)),
    "fairgrad alpha=2": (weighting.FairGrad, {"alpha": 2.0}, fair(2.0)),
    "fairgrad alpha=5": (weighting.FairGrad, {"alpha": 5.0}, fair(5.0)),
    "aligned_mtl": (weighting.AlignedMTL, {}, summed(cases.reference_aligned)),
    "imtl_g": (weighting.IMTLG, {}, reference_imtlg),
    "config": (weighting.ConFIG, {}, cases.reference_config),
}


def source():
    """The digest of the modules that the errors depend on."""
    room = ROOT / "mtl_keras" / "weighting"
    methods = {Path(inspect.getsourcefile(cls)) for cls, _, _ in METHODS.values()}
    files = sorted({*methods, *room.glob("solvers/*.py"), room / "base.py"})
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def table():
    found = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    return found if found.get("source") == source() else {"source": source(), "worst": {}}


def errors(jacobian, weights, wanted):
    """Distance to the wanted direction: relative, and in parts of Σ |w_i| ‖g_i‖.

    The relative one is 0 where the answer is 0 and what was found is below float32's resolution.
    """
    jacobian = jacobian.astype(np.float64)
    size = np.abs(weights) @ np.linalg.norm(jacobian, axis=1)
    longest = np.linalg.norm(jacobian, axis=1).max()
    distance, length = np.linalg.norm(weights @ jacobian - wanted), np.linalg.norm(wanted)
    vanishes = length <= 1e-9 * (size or longest)
    if vanishes and distance <= 1e-6 * (size or longest):
        return 0.0, 0.0
    return float(distance / (length or size)), float(distance / (size or 1.0))


@pytest.mark.full
@pytest.mark.parametrize("jit", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize("name", METHODS)
def test_errors(name, jit):
    cls, options, reference = METHODS[name]
    case = f"{name}, {'XLA' if jit else 'graph'}"
    if case in table()["worst"]:
        return
    worst = {
        kind: {"relative": 0.0, "of_float32": 0.0, "tasks": 0, "seed": 0, "unsolvable": 0}
        for kind in cases.KINDS
    }
    for tasks in TASKS[jit]:
        method = tf.function(built(cls, tasks, **options), jit_compile=jit, autograph=False)
        for kind in cases.KINDS:
            for seed in SEEDS:
                jacobian = cases.jacobians(kind, tasks, WIDTH, seed)
                wanted, info = reference(jacobian)
                weights = weigh(method, jacobian)
                assert np.isfinite(weights).all(), (kind, tasks, seed)
                row = worst[kind]
                if wanted is None:
                    row["unsolvable"] += 1
                    continue
                relative, of_float32 = errors(jacobian, weights, wanted)
                if "0 in the hull" in info.get("note", ""):
                    relative = of_float32  # the answer is 0, or not unique
                limit = 1e-3 if kind == "near_stationary" else 1e-5
                rounded = rounding(jacobian, weights) / (np.linalg.norm(wanted) or np.inf)
                assert relative <= limit + rounded, (kind, tasks, seed)
                if relative >= row["relative"]:
                    row |= {"relative": relative, "of_float32": of_float32}
                    row |= {"tasks": tasks, "seed": seed}
    found = table()
    found["worst"][case] = worst
    setting = {"tasks": TASKS[False], "tasks_xla": TASKS[True], "seeds": list(SEEDS)}
    setting |= {"parameters": WIDTH}
    results.write(TABLE, {**found, **setting, "versions": results.versions()})
