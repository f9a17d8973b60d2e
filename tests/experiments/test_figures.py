"""Figures of experiments."""

import numpy as np

from mtl_keras.evaluation import interval
from mtl_keras.evaluation.statistics import Interval
from mtl_keras.experiments import figures
from mtl_keras.experiments.results import NOTHING


def test_against_draws_a_line_and_its_band():
    lines = {"joint": [interval([0.4, 0.6]), NOTHING, interval([0.7, 0.9])]}
    axes = figures.against([1, 10, 100], lines, "% of the rows", "accuracy").axes[0]
    (line,) = axes.get_lines()
    np.testing.assert_allclose(line.get_ydata()[[0, 2]], [0.5, 0.8])
    assert np.isnan(line.get_ydata()[1])
    assert len(axes.collections) == 1
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "10", "100"]


def test_robustness_draws_a_point_with_its_interval_for_each_row_and_level():
    nan = float("nan")
    rows = {
        "joint": {"blur": [(1, Interval(0.9, 0.8, 1.0)), (2, Interval(0.7, nan, nan))]},
        "alone": {"blur": [(1, Interval(0.8, 0.7, 0.9)), (2, Interval(0.6, 0.5, 0.7))]},
    }
    (blur,) = figures.robustness(rows).axes
    assert [list(line.get_ydata()) for line in blur.lines] == [[0.9, 0.7], [0.8, 0.6]]
    assert [tick.get_text() for tick in blur.get_xticklabels()] == ["1", "2"]
    ends = [[s[:, 1].tolist() for s in found.get_segments()] for found in blur.collections]
    assert ends == [[[0.8, 1.0], [0.7, 0.7]], [[0.7, 0.9], [0.5, 0.7]]]
    beside = zip(*(line.get_xdata() for line in blur.lines))
    assert all(joint < alone for joint, alone in beside)


def test_differences_stand_in_order_with_their_intervals():
    found = {"up": Interval(2.0, 1.0, 3.0), "one seed": Interval(-1.0, float("nan"), float("nan"))}
    (axes,) = figures.differences(found).axes
    assert [line.get_xdata()[0] for line in axes.lines] == [2.0, -1.0, 0]
    segments = [c.get_segments()[0][:, 0].tolist() for c in axes.collections]
    assert segments == [[1.0, 3.0], [-1.0, -1.0]]


def test_levels_are_means_and_intervals():
    (axes,) = figures.levels({"joint": Interval(97.0, 96.0, 98.0)}).axes
    assert [line.get_xdata()[0] for line in axes.lines] == [97.0]
    assert axes.collections[0].get_segments()[0][:, 0].tolist() == [96.0, 98.0]
