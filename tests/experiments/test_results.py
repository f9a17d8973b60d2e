"""Numbers drawn from results."""

import math

import numpy as np
import pytest

from mtl_keras.evaluation import delta_m, paired_difference
from mtl_keras.experiments.results import Results, better, macro, robust, score


def run(**scores):
    return {"tasks": {task: {"score": s, "higher_is_better": True} for task, s in scores.items()}}


@pytest.fixture
def results():
    rows = {
        "joint": {0: run(a=0.9, b=0.5), 1: run(a=0.8, b=0.6), 2: run(a=0.7, b=0.4)},
        "a alone": {0: run(a=0.85), 1: run(a=0.85), 3: run(a=0.1)},
        "b alone": {0: run(b=0.4), 1: run(b=0.4), 2: run(b=0.4)},
    }
    return Results({"article": rows})


def test_a_gain_is_paired_over_the_seeds_that_both_have(results):
    assert results.gain("article", "a") == paired_difference([0.9, 0.8], [0.85, 0.85])


def test_less_error_is_a_gain():
    lower = lambda s: {"tasks": {"box": {"score": s, "higher_is_better": False}}}  # noqa: E731
    found = Results({"v": {"joint": {0: lower(0.1)}, "box alone": {0: lower(0.3)}}})
    assert found.gain("v", "box").mean == pytest.approx(0.2)
    assert better("box")(lower(0.1)) == -0.1


def test_delta_m_takes_the_seeds_that_all_have(results):
    changes = [
        delta_m({"a": 0.9, "b": 0.5}, {"a": 0.85, "b": 0.4}),
        delta_m({"a": 0.8, "b": 0.6}, {"a": 0.85, "b": 0.4}),
    ]
    assert results.delta_m("article").mean == pytest.approx(np.mean(changes))


def test_what_is_not_there_is_nan(results):
    assert math.isnan(results.interval("article", "none", score("a")).mean)
    assert math.isnan(results.gain("article", "c").mean)
    assert not results.has("article", "joint", "none")
    assert not results.has("none", "joint")


def test_one_seed_has_a_mean_and_no_interval():
    found = Results({"v": {"joint": {0: run(a=0.5)}}}).interval("v", "joint", score("a"))
    assert found.mean == 0.5
    assert math.isnan(found.low)


def test_robust_is_the_mean_over_kinds_and_levels():
    levels = {"blur": [[1, {"a": 0.2}], [2, {"a": 0.4}]], "noise": [[1, {"a": 0.9}]]}
    assert robust("a")({"disturbed": levels}) == pytest.approx(0.5)


def test_macro_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    true, guess = rng.integers(0, 5, 200), rng.integers(0, 4, 200)  # class 4 is never predicted
    found = macro(metrics.confusion_matrix(true, guess))
    expected = metrics.precision_recall_fscore_support(
        true, guess, average="macro", zero_division=0
    )
    np.testing.assert_allclose(found, expected[:3], atol=1e-12)
