"""Verdicts on claims."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.evaluation.statistics import Interval
from mtl_keras.experiments import claims
from mtl_keras.experiments.claims import REFUTED, SUPPORTED, UNDECIDED
from mtl_keras.experiments.results import Results

number = st.floats(-1, 1)


@settings(deadline=None)
@given(st.tuples(number, number, number).map(sorted), number)
def test_a_verdict_is_where_the_whole_interval_lies(bounds, bound):
    low, mean, high = bounds
    answer = claims.judge(Interval(mean, low, high), bound)
    assert (answer == SUPPORTED) == (low > bound)
    assert (answer == REFUTED) == (high < bound)


def test_one_seed_decides_nothing():
    assert claims.judge(Interval(0.5, math.nan, math.nan)) == UNDECIDED


@pytest.mark.parametrize(
    ("answers", "whole"),
    [
        ([SUPPORTED, SUPPORTED], SUPPORTED),
        ([SUPPORTED, UNDECIDED], UNDECIDED),
        ([UNDECIDED, REFUTED], REFUTED),
        ([], UNDECIDED),
    ],
)
def test_all_aspects_must_hold(answers, whole):
    assert claims.together(answers) == whole


def run(seed, a, seconds=2.0, parameters=100):
    found = {"metric": "accuracy", "score": a + 0.001 * seed, "higher_is_better": True}
    return {
        "tasks": {"a": found, "b": found},
        "train": {"a": 1.0},
        "parameters": parameters,
        "flops": parameters,
        "epoch_cpu_seconds": seconds + 0.01 * seed,
        "history": {"val_a_accuracy": [0.1, a], "val_b_accuracy": [a, a]},
        "disturbed": {"blur": [[1, {"a": a / 2}]]},
    }


@pytest.fixture
def results():
    rows = {
        "joint": {seed: run(seed, 0.9, parameters=150) for seed in range(3)},
        "a alone": {seed: run(seed, 0.8) for seed in range(3)},
        "b alone": {seed: run(seed, 0.8) for seed in range(3)},
    }
    return Results({"article": rows})


def test_accuracy_joint_minus_alone(results):
    found = claims.raises_accuracy(results, ("article", "not run"))
    assert found[0].answer == SUPPORTED
    assert found[0].numbers == "+10.00 [+10.00, +10.00] points"


def test_cost_of_one_model_against_the_sum(results):
    found = claims.costs_less(results, "article")
    assert [verdict.numbers for verdict in found[:2]] == ["0.75", "0.75"]
    assert [verdict.answer for verdict in found] == [SUPPORTED] * 4
    # Two epochs for both tasks against two for the first and one for the second.
    assert found[3].numbers == "0.67 [0.67, 0.67]"
    dearer = claims.costs_less(results, "article", alone=["a alone"])
    assert [verdict.answer for verdict in dearer[:2]] == [REFUTED, REFUTED]
    for by_seed in results.runs["article"]["joint"].values():
        by_seed["history"]["val_a_accuracy"] = [0.1, 0.2]
    assert claims.costs_less(results, "article")[3] == claims.Verdict(
        "C2",
        "article: CPU seconds to 98 % of the best alone, one model / 2 models",
        REFUTED,
        "not reached in 3 of 3 seeds",
    )


def test_generalisation_is_the_gap_and_the_disturbed_pictures(results):
    gap, disturbed = claims.generalises(results, "article", ["a", "not there"])
    assert gap.answer == disturbed.answer == SUPPORTED
    assert gap.numbers.startswith("+10.00")
    assert disturbed.numbers.startswith("+5.00")
    for by_seed in results.runs["article"].values():
        for each in by_seed.values():
            del each["disturbed"]
    assert len(claims.generalises(results, "article", ["a"])) == 1


def test_above_a_bound(results):
    assert claims.above(results, "C3", "article", "a", 0.89).answer == SUPPORTED
    assert claims.above(results, "C3", "article", "a", 0.95).answer == REFUTED
    assert claims.above(results, "C3", "not run", "a", 0.9).numbers == "no result"
