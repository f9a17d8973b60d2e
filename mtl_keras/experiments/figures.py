"""Figures of experiments besides those of `mtl_keras.evaluation.plots`."""

import numpy as np

from mtl_keras.evaluation.plots.figure import COLOURS, grid, legend_below, new_figure


def against(x, lines, xlabel, ylabel):
    """Draws accuracies against a quantity on a logarithmic axis, with intervals over seeds.

    Args:
        x: sequence of positive numbers.
        lines: dict name -> list of `Interval`, one for each x; NaNs leave gaps.
        xlabel, ylabel: str.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:
        >>> from mtl_keras.evaluation import interval
        >>> lines = {"joint": [interval([0.5, 0.6]), interval([0.8, 0.9])]}
        >>> against([1, 100], lines, "% of the rows", "accuracy").axes[0].get_xscale()
        'log'
    """
    figure = new_figure(5.5, 3.8)
    axes = figure.subplots()
    for colour, (name, found) in zip(COLOURS, lines.items()):
        mean, low, high = np.array(found, "float64").T
        axes.plot(x, mean, color=colour, marker="o", ms=4, label=name)
        axes.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
    axes.set(xscale="log", xlabel=xlabel, ylabel=ylabel)
    axes.set_xticks(x, [f"{value:g}" for value in x])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    legend_below(figure, axes)
    return figure


def robustness(rows):
    """Draws the test accuracy of a task at each level of each disturbance, with intervals.

    Args:
        rows: dict row name -> dict disturbance -> list of (level, `Interval`).

    Returns:
        A `matplotlib.figure.Figure`.

    Example:
        >>> from mtl_keras.evaluation import interval
        >>> levels = [(1, interval([0.8, 0.9])), (2, interval([0.7]))]
        >>> figure = robustness({"joint": {"blur": levels}})
        >>> [axes.get_title() for axes in figure.axes]
        ['blur']
    """
    kinds = list(next(iter(rows.values())))
    figure, panels = grid(len(kinds), 2, 3.6, 2.6)
    for kind, axes in zip(kinds, panels):
        for place, (colour, (name, found)) in enumerate(zip(COLOURS, rows.items())):
            levels, scores = zip(*found[kind])
            mean, low, high = np.array(scores, "float64").T
            x = np.arange(len(levels)) + 0.6 * ((place + 0.5) / len(rows) - 0.5)
            axes.plot(x, mean, "o", color=colour, ms=5, label=name)
            axes.vlines(x, np.fmin(low, mean), np.fmax(high, mean), color=colour)
        axes.set_xticks(np.arange(len(levels)), [f"{level:g}" for level in levels])
        axes.set(title=kind, xlim=(-0.5, len(levels) - 0.5), ylabel="test accuracy")
        axes.grid(axis="y", alpha=0.3)
    legend_below(figure, panels[0])
    return figure


def differences(found, xlabel="points"):
    """Draws differences as points with their 95 % intervals around zero.

    Args:
        found: dict name -> `Interval`; without bounds, as of one seed, the point stands alone.
        xlabel: str. Defaults to `"points"`.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:
        >>> from mtl_keras.evaluation import interval
        >>> figure = differences({"digits": interval([0.4, 0.6]), "topics": interval([-1.0])})
        >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
        ['digits', 'topics']
    """

    def colour(low, high):
        return COLOURS[2] if low > 0 else COLOURS[1] if high < 0 else "#666666"

    figure, axes = _points(found, xlabel, colour)
    axes.axvline(0, color="black", linewidth=0.8)
    return figure


def levels(found, xlabel="test accuracy, %"):
    """Draws values as points with their 95 % intervals.

    Args:
        found: dict name -> `Interval`; without bounds, as of one seed, the point stands alone.
        xlabel: str. Defaults to `"test accuracy, %"`.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:
        >>> from mtl_keras.evaluation import interval
        >>> figure = levels({"joint": interval([97.0, 98.0]), "k-means": interval([60.0])})
        >>> [float(line.get_xdata()[0]) for line in figure.axes[0].lines]
        [97.5, 60.0]
    """
    return _points(found, xlabel, lambda low, high: COLOURS[0])[0]


def _points(found, xlabel, colour):
    figure = new_figure(6, 1 + 0.32 * len(found))
    axes = figure.subplots()
    for place, (mean, low, high) in enumerate(found.values()):
        axes.plot(mean, place, "o", color=colour(low, high), ms=5)
        axes.hlines(place, *np.nan_to_num([low, high], nan=mean), color=colour(low, high))
    axes.set_yticks(range(len(found)), list(found))
    axes.set(xlabel=xlabel, ylim=(max(len(found), 1) - 0.5, -0.5))
    axes.grid(axis="x", alpha=0.3)
    return figure, axes
