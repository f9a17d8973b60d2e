"""How a metric went from epoch to epoch."""

import numpy as np

from mtl_keras.evaluation.plots.figure import COLOURS, grid, legend_below


def learning_curves(curves, ylabel="validation accuracy"):
    """Draws one panel per task: each seed a thin line, the mean over seeds a thick one.

    Args:
        curves: dict task name -> dict line name (such as `"multi-task"`) -> one sequence of floats
            per seed, a value per epoch. NaNs leave gaps.
        ylabel: str, or dict task name -> str. Defaults to `"validation accuracy"`.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:
        >>> figure = learning_curves({"digits": {"multi-task": [[0.5, 0.8], [0.6, 0.9]]}})
        >>> [axes.get_title() for axes in figure.axes]
        ['digits']
    """
    from matplotlib.ticker import MaxNLocator

    figure, panels = grid(len(curves), 3, 3.6, 2.9)
    for (task, lines), axes in zip(curves.items(), panels):
        for colour, (name, seeds) in zip(COLOURS, lines.items()):
            longest = max(map(len, seeds))
            table = np.full((len(seeds), longest), np.nan)
            for row, seed in zip(table, seeds):
                row[: len(seed)] = seed
            epochs = np.arange(1, longest + 1)
            marker = "o" if longest < 15 else None
            mean = np.ma.masked_invalid(table).mean(axis=0).filled(np.nan)
            axes.plot(epochs, mean, color=colour, linewidth=2, marker=marker, ms=3.5, label=name)
            if len(seeds) > 1:
                axes.plot(epochs, table.T, color=colour, linewidth=0.7, alpha=0.5)
        axes.set_title(task)
        axes.set_xlabel("epoch")
        axes.set_ylabel(ylabel[task] if isinstance(ylabel, dict) else ylabel)
        axes.set_xlim(0, longest + 1)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.grid(alpha=0.3)
    legend_below(figure, panels[0])
    return figure
