"""A drawing of a multi-task model: inputs, what is shared and what is not, heads."""

import itertools
import os

import numpy as np

from mtl_keras.evaluation.blocks import blocks

_COLOURS = {
    "input": "#EEEEEE",
    "shared": "#FBD9A5",
    "one task": "#CFE5F5",
    "head": "#CBE8D6",
}
_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 2.1, 0.72, 0.75, 0.28


def model_diagram(model, path=None):
    """Draws a functional model as boxes and arrows, from its inputs to the heads of its tasks.

    Layers with weights that serve the same inputs and the same tasks make one box; the layers
    between them (activations, pooling, normalisation) go with the box before. What several tasks
    share and what one task has alone differ in colour.

    Args:
        model: a functional `keras.Model` with a dict of outputs, such as a `MultiTaskModel`.
        path: file to save the picture in (.png, .svg, .pdf), default none.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:
        >>> import keras
        >>> x = keras.Input((4,), name="x")
        >>> h = keras.layers.Dense(8, "relu", name="trunk")(x)
        >>> heads = {task: keras.layers.Dense(2, name=task)(h) for task in "ab"}
        >>> figure = model_diagram(keras.Model({"x": x}, heads))
        >>> [text.get_text() for text in figure.axes[0].texts if text.get_weight() == "bold"]
        ['x', 'trunk', 'a', 'b']
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    found = blocks(model)
    places, paths = _layout(found)
    columns, rows = places.max(axis=0) + 1
    width, height = columns * (_WIDTH + _GAP_X), rows * (_HEIGHT + _GAP_Y) + 0.4
    figure = Figure(figsize=(width, height), dpi=150)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-_GAP_X / 2, width - _GAP_X / 2), ylim=(height - _GAP_Y / 2, -_GAP_Y / 2))
    axes.set_axis_off()
    corners = places * (_WIDTH + _GAP_X, _HEIGHT + _GAP_Y)
    for stops in paths:
        _arrow(axes, [corners[i] for i in stops])
    for block, corner in zip(found, corners):
        _box(axes, block, corner)
    kinds = [kind for kind in _COLOURS if any(block.kind == kind for block in found)]
    handles = [Patch(facecolor=_COLOURS[kind], edgecolor="#555555") for kind in kinds]
    names = {"shared": "shared by several tasks", "one task": "for one task"}
    axes.legend(
        handles, [names.get(kind, kind) for kind in kinds],
        loc="lower center", ncols=len(kinds), frameon=False, fontsize=8, borderaxespad=0.2,
    )  # fmt: skip
    if path is not None:
        figure.savefig(os.fspath(path))
    return figure


def _box(axes, block, corner):
    from matplotlib.patches import FancyBboxPatch

    shape = FancyBboxPatch(
        corner, _WIDTH, _HEIGHT, boxstyle="round,pad=0,rounding_size=0.08",
        facecolor=_COLOURS[block.kind], edgecolor="#555555", linewidth=0.8,
    )  # fmt: skip
    axes.add_patch(shape)
    x, y = corner + (_WIDTH / 2, _HEIGHT / 2)
    size = min(9, 9 * 24 / len(block.title))
    axes.text(x, y - 0.11, block.title, fontsize=size, weight="bold", ha="center", va="center")
    axes.text(x, y + 0.14, _details(block), fontsize=7.5, ha="center", va="center")


def _details(block):
    if block.kind == "input":
        shape = block.layers[0].output.shape[1:]
        return " \u00d7 ".join("any" if n is None else str(n) for n in shape) or "scalar"
    variables = {id(v): v for layer in block.layers for v in getattr(layer, "weights", [])}
    parameters = sum(int(np.prod(v.shape)) for v in variables.values())
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if parameters >= size:
            return f"{parameters / size:.3g} {unit} parameters"
    return f"{parameters or 'no'} parameters"


def _arrow(axes, corners):
    """Draws a smooth line from the right side of the first place to the left side of the last."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    middle = [corner + (0, _HEIGHT / 2) for corner in corners]
    points, codes = [middle[0] + (_WIDTH, 0)], [Path.MOVETO]
    for start, end in itertools.pairwise(middle):
        start = start + (_WIDTH, 0)
        points += [start + (_GAP_X / 2, 0), end - (_GAP_X / 2, 0), end]
        codes += [Path.CURVE4] * 3
        points.append(end + (_WIDTH, 0))
        codes.append(Path.LINETO)
    line = Path(points[:-1], codes[:-1])
    style = {"arrowstyle": "-|>", "mutation_scale": 9, "color": "#555555", "linewidth": 1}
    axes.add_patch(FancyArrowPatch(path=line, shrinkA=0, shrinkB=0, zorder=0, **style))


def _layout(found):
    """Places the blocks on a grid, so that arrows run to the right and cross little.

    Sugiyama's way: columns by the longest path, invisible stops where an arrow passes a column,
    then each column sorted by the mean place of its neighbours, a few times to and fro.

    Returns:
        (places, paths): array (blocks and stops, 2) of column and row, and for each arrow the
        indices of the places it visits.
    """
    column = []
    for block in found:
        column.append(1 + max((column[p] for p in block.parents), default=-1))
    last = max(column)
    used = {parent for block in found for parent in block.parents}
    column = [c if i in used else last for i, c in enumerate(column)]
    paths = []
    for i, block in enumerate(found):
        for parent in block.parents:
            stops = range(len(column), len(column) + column[i] - column[parent] - 1)
            column += range(column[parent] + 1, column[i])
            paths.append([parent, *stops, i])
    neighbours = [[] for _ in column]
    for stops in paths:
        for a, b in itertools.pairwise(stops):
            neighbours[a].append(b)
            neighbours[b].append(a)
    members = [[i for i, c in enumerate(column) if c == k] for k in range(last + 1)]
    tallest = max(map(len, members))
    row = np.zeros(len(column))
    _spread(row, members, tallest)
    for sweep in range(12):
        for k in range(last + 1) if sweep % 2 else range(last, -1, -1):
            side = k - 1 if sweep % 2 else k + 1
            for i in members[k]:
                near = [row[j] for j in neighbours[i] if column[j] == side]
                row[i] = np.mean(near) if near else row[i]
            members[k].sort(key=lambda i: row[i])
            _spread(row, [members[k]], tallest)
    return np.stack([column, row], axis=1).astype(float), paths


def _spread(row, columns, tallest):
    """Gives the members of each column rows of their own, centred."""
    for members in columns:
        row[members] = np.arange(len(members)) + (tallest - len(members)) / 2
