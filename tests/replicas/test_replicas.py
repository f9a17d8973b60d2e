import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import mtl_keras

CASES = ["uncertainty", "pcgrad", None]


@pytest.fixture(scope="module")
def found(request):
    whole = request.config.option.markexpr == "full"
    cases = CASES if whole else CASES[:2]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("two_replicas.py")), json.dumps(cases)],
        env={**os.environ, "PYTHONPATH": str(Path(mtl_keras.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    "case", [0, 1, pytest.param(2, marks=pytest.mark.full)], ids=list(map(str, CASES))
)
def test_two_replicas_decide_as_one_with_the_double_batch(found, case):
    """Also where the labels that are missing stand unevenly in the replicas."""
    assert found["replicas"] == 2
    result = found["cases"][case]
    assert result["moved"] > 0.1
    assert result["values"] < 2e-5
    assert result["logs"].keys() == result["wanted"].keys()
    for name, values in result["wanted"].items():
        assert result["logs"][name] == pytest.approx(values, rel=1e-4, abs=1e-5, nan_ok=True), name


def test_a_pipeline_made_in_the_scope_reads_the_epoch(found):
    first, second, again = found["orders"]
    assert first == again != second
