"""The whole conformance suite on every weighting method and on wrappers around all kinds.

What held is written to `results/conformance.json`, method x property, with the digest of the
source that it depends on; `make test-full` goes on where it stopped, and begins anew when that has
changed.
"""

import hashlib
import json
from pathlib import Path

import pytest

from mtl_keras import trial
from mtl_keras.evaluation import results
from mtl_keras.testing import WEIGHTING_CHECKS
from mtl_keras.weighting import (
    CRMOGM,
    RLW,
    Combined,
    GradDrop,
    MoCo,
    PCGrad,
    Static,
    Uncertainty,
    get,
    names,
)

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "results" / "conformance.json"
METHODS = {name: Static({"a": 0.5}) if name == "static" else get(name) for name in names()}
METHODS |= {
    "pcgrad shuffle=False": PCGrad(shuffle=False),
    "rlw dirichlet": RLW("dirichlet"),
    "moco code": MoCo("code"),
    "graddrop leak=0.5": GradDrop(leak=0.5),
    "uncertainty liebel": Uncertainty(form="liebel"),
}
METHODS |= {
    f"crmogm of {inside}": CRMOGM(inside)
    for inside in ("imtl_l", "rlw", "famo", "modo", "gradnorm")
}
METHODS |= {
    f"combined {loss} + {gradient}": Combined(loss, gradient)
    for loss, gradient in (("famo", "modo"), ("igbv1", "gradnorm"), ("rlw", "pcgrad"))
}


def source():
    """The digest of the modules that a method's conformance depends on."""
    room = ROOT / "mtl_keras"
    files = {*room.glob("weighting/**/*.py"), room / "testing.py", room / "trial.py"}
    files -= {room / "weighting" / "jacobian.py"}  # where methods look, which they never know
    return hashlib.sha256(b"".join(f.read_bytes() for f in sorted(files))).hexdigest()[:12]


def table():
    found = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    return found if found.get("source") == source() else {"source": source(), "methods": {}}


def skipped(method):
    """The properties that there is no check of, and why."""
    why = {}
    if trial.is_random(method):
        why["permutation"] = "random"
    if not getattr(method, "non_conflicting", False):
        why["non_conflict"] = "not claimed"
    try:
        trial.make(method, "a")
    except ValueError:
        why["one_task"] = "refused"
    return why


@pytest.mark.full
@pytest.mark.parametrize("name", METHODS)
def test_conforms(name):
    if name in table()["methods"]:
        return
    method = METHODS[name]
    held = {}
    for check in WEIGHTING_CHECKS:
        check(method)
        held[check.__name__.removeprefix("check_")] = "holds"
    found = table()
    found["methods"][name] = held | skipped(method)
    results.write(TABLE, {**found, "versions": results.versions()})
