import math

import pytest

from mtl_keras.evaluation import results, tune_static
from mtl_keras.evaluation.static_weights import _draw

from .toy import ToyData, build


def test_draws_start_with_ones_and_keep_the_sum():
    first, *others = _draw(["a", "b", "c"], 50, seed=3)
    assert first == {"a": 1.0, "b": 1.0, "c": 1.0}
    for weights in others:
        assert math.isclose(sum(weights.values()), 3, abs_tol=1e-3)
        assert 1 < max(weights.values()) / min(weights.values()) <= 10.01
    assert _draw(["a"], 2, seed=0) == [{"a": 1.0}] * 2


def test_the_best_on_validation_data_is_found_and_runs_are_kept(tmp_path):
    trained = []

    def callbacks(name):
        trained.append(name)
        return []

    options = {"epochs": 1, "candidates": 3, "seed": 1, "optimizer": "sgd", "verbose": 0}
    options |= {"directory": tmp_path, "callbacks": callbacks}
    found = tune_static(build, ToyData, **options)
    assert trained == ["multi-seed1"] * 3
    runs = [results.read(path) for path in tmp_path.iterdir()]
    scores = {
        tuple(run["configuration"]["weighting"]["config"]["weights"].values()): score
        for run in runs
        for score in run["history"]["val_mean_score"]
    }
    assert len(scores) == 3
    assert scores[tuple(found.values())] == max(scores.values())
    assert tune_static(build, ToyData, **options) == found
    assert len(trained) == 3


def test_bad_input():
    with pytest.raises(ValueError, match="`candidates` must be > 0"):
        tune_static(build, ToyData(), epochs=1, candidates=0)
