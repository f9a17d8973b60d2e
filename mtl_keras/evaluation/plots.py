"""Figures of a comparison. Each function returns a `matplotlib.figure.Figure`, shows nothing.

The figures are made without `pyplot`, so they need no display and leave no global state; save one
with `figure.savefig(path)`, or let a notebook show the one that a cell ends in.
"""

import math
import textwrap

import numpy as np

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe and Ito
RIGHT, WRONG = "#00704F", "#B03000"


def _figure(width, height):
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=150, layout="constrained")


def _grid(count, columns, width, height):
    """Returns a figure with so many axes, filled row by row; the rest of the last row is empty."""
    columns = max(1, 2 if (count, columns) == (4, 3) else min(columns, count))
    rows = math.ceil(count / columns)
    figure = _figure(width * columns, height * rows)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for extra in axes[count:]:
        extra.set_axis_off()
    return figure, axes[:count]


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

    figure, panels = _grid(len(curves), 3, 3.6, 2.9)
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
    _legend_below(figure, panels[0])
    return figure


def _legend_below(figure, axes):
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)


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
    figure = _figure(2.2 + 2.2 * max(most, 2), 3.2 * len(by_metric))
    grid = figure.subplots(len(by_metric), 2, squeeze=False)
    for (metric, rows), (left, right) in zip(by_metric.items(), grid):
        _scores(left, metric, rows)
        _differences(right, rows)
    _legend_below(figure, grid[0][0])
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


def confusion_matrices(matrices, class_names=None):
    """Draws a confusion matrix per task, each row shaded by its share of the true class.

    Counts are written into the cells of up to 12 classes.

    Args:
        matrices: dict task name -> (C, C) int counts, rows are the true classes.
        class_names: dict task name -> C names. Defaults to the numbers of the classes.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: no matrix at all.

    Example:
        >>> figure = confusion_matrices({"match": [[40, 10], [5, 45]]}, {"match": ["no", "yes"]})
        >>> [label.get_text() for label in figure.axes[0].get_xticklabels()]
        ['no', 'yes']
    """
    if not matrices:
        raise ValueError("Argument `matrices` must hold a task with classes. Received: {}")
    largest = max(len(m) for m in matrices.values())
    side = 3.2 if largest <= 4 else 4.6 if largest <= 12 else 6.5
    figure, panels = _grid(len(matrices), 3, side, side)
    for (task, counts), axes in zip(matrices.items(), panels):
        counts = np.asarray(counts)
        classes = len(counts)
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        axes.set(title=task, xlabel="predicted", ylabel="true")
        names = [str(name) for name in (class_names or {}).get(task) or range(classes)]
        style = {"fontsize": 8 if classes <= 12 else 5}
        axes.set_yticks(range(classes), names, **style)
        if max(map(len, names)) > 2:
            slanted = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
            style |= slanted if classes <= 12 else {"rotation": 90}
        axes.set_xticks(range(classes), names, **style)
        for row, column in np.argwhere(counts) if classes <= 12 else ():
            colour = "white" if share[row, column] > 0.5 else "black"
            text = {"color": colour, "fontsize": 7, "ha": "center", "va": "center"}
            axes.text(column, row, counts[row, column], **text)
    return figure


def sample_predictions(examples, labels, predictions, title=None):
    """Draws examples with what they are and what the model says, green if right and red if wrong.

    Pictures make a grid, with their caption where the examples also hold a text; texts alone
    make a list.

    Args:
        examples: dict input name -> values, at most one of them pictures, (N, height, width,
            channels) or a sequence of such, uint8 or float in [0, 1], and at most one texts (N,).
        labels: sequence of N class names.
        predictions: sequence of N class names.
        title: str, such as the task's name, default none.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:
        >>> pictures = np.zeros((2, 8, 8, 1), "uint8")
        >>> figure = sample_predictions({"digits_image": pictures}, ["3", "4"], ["3", "9"])
        >>> [axes.get_title() for axes in figure.axes]
        ['3', '9 (true: 4)']
    """
    pictures = texts = None
    for values in examples.values():
        if isinstance(values[0], (str, bytes)):
            texts = [v.decode() if isinstance(v, bytes) else v for v in values]
        elif np.ndim(values[0]) == 3:
            pictures = values
    if pictures is None and texts is None:
        raise ValueError(
            "Argument `examples` must hold pictures (height, width, channels) or texts. "
            f"Received: { {name: np.shape(v[0]) for name, v in examples.items()} }"
        )
    captions = [
        (f"{label}", RIGHT) if label == guess else (f"{guess} (true: {label})", WRONG)
        for label, guess in zip(labels, predictions)
    ]
    if pictures is None:
        figure = _text_list(texts, captions)
    else:
        figure = _picture_grid(pictures, texts, captions)
    if title:
        figure.suptitle(title)
    return figure


def _picture_grid(pictures, texts, captions):
    width, columns = (1.45, 6) if texts is None else (2.2, 4)
    figure, panels = _grid(len(captions), columns, width, width + (0.4 if texts is None else 0.6))
    for i, ((caption, colour), axes) in enumerate(zip(captions, panels)):
        picture = np.asarray(pictures[i])
        white = 1 if np.issubdtype(picture.dtype, np.floating) else 255
        picture = picture.squeeze(-1) if picture.shape[-1] == 1 else picture
        axes.imshow(picture, cmap="gray", vmin=0, vmax=white)
        style = {"fontsize": 8, "parse_math": False}
        axes.set_title(textwrap.fill(caption, int(10 * width)), color=colour, **style)
        axes.set(xticks=[], yticks=[])
        if texts is not None:
            axes.set_xlabel(textwrap.fill(texts[i], int(15 * width)), **style)
    return figure


def _text_list(texts, captions):
    wrapped = [textwrap.fill(textwrap.shorten(text, 200), 98) for text in texts]
    captions = [(textwrap.fill(caption, 26), colour) for caption, colour in captions]
    lines = [1 + max(t.count("\n"), c.count("\n")) for t, (c, _) in zip(wrapped, captions)]
    figure = _figure(8, 0.3 + 0.19 * sum(lines) + 0.12 * len(lines))
    axes = figure.subplots()
    axes.set_axis_off()
    below = np.cumsum([0] + [n + 0.65 for n in lines])
    axes.set(xlim=(0, 1), ylim=(below[-1], 0))
    style = {"fontsize": 8, "va": "top", "parse_math": False}
    for y, text, (caption, colour) in zip(below, wrapped, captions):
        axes.text(0.27, y, text, **style)
        axes.text(0.25, y, caption, ha="right", color=colour, **style)
    return figure
