"""Test scores of the tasks side by side, and their differences."""

import numpy as np

from mtl_keras.evaluation.plots.figure import COLOURS, legend_below, new_figure


def task_bars(comparison):
    """Draws the tasks' test scores side by side, and their difference with its interval.

    One row for each metric that the tasks use. Bars carry 95 % intervals over seeds, differences
    the interval paired over seeds; with one seed there are none.

    Args:
        comparison: a `Comparison`.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    by_metric = {}
    for task, row in comparison.table()["tasks"].items():
        by_metric.setdefault(row["metric"], {})[task] = row
    most = max(map(len, by_metric.values()))
    figure = new_figure(2.2 + 2.2 * max(most, 2), 3.2 * len(by_metric))
    grid = figure.subplots(len(by_metric), 2, squeeze=False)
    for (metric, rows), (left, right) in zip(by_metric.items(), grid):
        _scores(left, metric, rows)
        _differences(right, rows)
    legend_below(figure, grid[0][0])
    return figure


def _scores(axes, metric, rows):
    first = next(iter(rows.values()))
    positions = np.arange(len(rows))
    for side, key in enumerate(("multi", "single")):
        mean, error = _means(rows, key)
        place = positions + 0.4 * side - 0.2
        axes.bar(place, mean, 0.38, color=COLOURS[side], label=f"{key}-task")
        axes.errorbar(place, mean, error, fmt="none", capsize=3, color="#333333")
        for x, value in zip(place, mean):
            axes.annotate(
                f"{value:{'.2f' if first['percent'] else '.4g'}}", (x, 0), (0, 4),
                textcoords="offset points", ha="center", fontsize=8,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.85},
            )  # fmt: skip
    better = "higher" if first["higher_is_better"] else "lower"
    axes.set_ylabel(f"test {metric}{' (%)' if first['percent'] else ''}\n{better} is better")
    if first["percent"]:
        axes.set_ylim(0, 103)
    axes.set_xticks(positions, rows, rotation=0 if len(rows) < 5 else 30)


def _differences(axes, rows):
    mean, error = _means(rows, "difference")
    positions = np.arange(len(rows))
    axes.errorbar(mean, positions, xerr=error, fmt="o", capsize=4, color="#333333")
    axes.axvline(0, color="#999999", linewidth=1)
    points = ", points" if next(iter(rows.values()))["percent"] else ""
    axes.set_xlabel(f"multi-task minus single-task{points}")
    widest = np.max(np.nan_to_num(np.abs(mean)) + np.nan_to_num(error)) or 1
    axes.set_xlim(-1.15 * widest, 1.15 * widest)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(positions, rows)
    axes.grid(alpha=0.3, axis="x")


def _means(rows, key):
    """Returns means and half widths of the intervals (NaN where there is none), as displayed."""
    scale = np.array([100 if row["percent"] else 1 for row in rows.values()])
    mean, _, high = np.array([row[key] for row in rows.values()]).T * scale
    return mean, high - mean
