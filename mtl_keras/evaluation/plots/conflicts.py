"""What a weighting decided, and how the tasks' gradients lay, from epoch to epoch."""

import numpy as np

from mtl_keras.evaluation.plots.figure import COLOURS, new_figure


def conflicts(history):
    """Draws the weights of the tasks and the cosines between their gradients, epoch by epoch.

    A cosine under 0 is a conflict: a step for one task undoes the other's. With more than ten
    pairs of tasks the cosines are drawn as a map, one row a pair.

    Args:
        history: a `History`, or its dict, of a model compiled with `log_weights=True`.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: the history holds neither weights nor cosines.

    Example:
        >>> logs = {"a_weight": [1.0, 1.2], "b_weight": [1.0, 0.9], "conflict/a_b": [0.1, -0.2]}
        >>> [axes.get_title() for axes in conflicts(logs).axes]
        ['weight of a task', 'cosine of two gradients']
    """
    logs = getattr(history, "history", history)
    weights = {
        name.removesuffix("_weight"): values
        for name, values in logs.items()
        if name.endswith("_weight") and not name.startswith("val_")
    }
    cosines = {
        name.removeprefix("conflict/"): values
        for name, values in logs.items()
        if name.startswith("conflict/")
    }
    found = {"weight of a task": weights, "cosine of two gradients": cosines}
    found = {title: lines for title, lines in found.items() if lines}
    if not found:
        raise ValueError(
            "Argument `history` must be of a model compiled with log_weights=True. Received: "
            f"{', '.join(logs)}"
        )
    figure = new_figure(5.2 * len(found), 3.4)
    panels = figure.subplots(1, len(found), squeeze=False)[0]
    for (title, lines), axes in zip(found.items(), panels):
        axes.set(title=title, xlabel="epoch")
        (_lines if len(lines) <= 10 else _map)(figure, axes, lines)
    return figure


def _lines(figure, axes, lines):
    from matplotlib.ticker import MaxNLocator

    styles = ("-", "--")
    for index, (name, values) in enumerate(lines.items()):
        style = styles[index // len(COLOURS) % len(styles)]
        epochs = np.arange(1, len(values) + 1)
        axes.plot(
            epochs, values, style, color=COLOURS[index % len(COLOURS)], label=name, marker="."
        )
    if min(np.nanmin(values) for values in lines.values()) < 0:
        axes.axhline(0, color="#999999", linewidth=1)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _map(figure, axes, lines):
    table = np.array(list(lines.values()), "float64")
    most = np.nanmax(np.abs(table)) or 1.0
    epochs = (0.5, table.shape[1] + 0.5)
    image = axes.imshow(
        table, cmap="RdBu", vmin=-most, vmax=most, aspect="auto",
        extent=(*epochs, len(lines) - 0.5, -0.5),
    )  # fmt: skip
    if len(lines) <= 30:
        axes.set_yticks(range(len(lines)), lines, fontsize=6)
    else:
        axes.set_ylabel(f"{len(lines)} pairs of tasks")
    figure.colorbar(image, ax=axes)
