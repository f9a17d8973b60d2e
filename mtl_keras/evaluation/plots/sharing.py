"""Figure of what the mixing of a sharing architecture has learned."""

import numpy as np

from mtl_keras.evaluation.plots.figure import new_figure

CELLS = 16
"""Up to so many columns the numbers are written into the cells, and all columns are named."""


def sharing_maps(tables):
    """Draws a heat map for each place where activations are mixed.

    Rows are what comes out, such as tasks, columns what is mixed, such as experts or channels.
    Weights between 0 and 1 are shaded from white to blue; where any is outside, as may be in
    cross-stitch units, from red over white to blue. A column that a row does not see is grey.

    Args:
        tables: dict name of a place -> (weights (rows, columns), row names, column names), as
            `mtl_keras.architectures.mixing` returns it.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: there is nothing to draw.

    Example:
        >>> from mtl_keras.architectures import Mixing
        >>> weights = np.array([[0.9, 0.1], [0.2, 0.8]])
        >>> figure = sharing_maps({"stage 1": Mixing(weights, ["a", "b"], ["a", "b"])})
        >>> [axes.get_title() for axes in figure.axes[:1]]
        ['stage 1']
    """
    if not tables:
        raise ValueError(
            "Argument `tables` must hold a place where activations are mixed: hard sharing has "
            "none. Received: {}"
        )
    most = max(len(columns) for _, _, columns in tables.values())
    side_by_side = min(len(tables), 3 if most <= 6 else 1)
    lines = -(-len(tables) // side_by_side)
    longest = max(len(str(row)) for _, rows, _ in tables.values() for row in rows)
    width = 0.55 * min(most, CELLS) + 1.6 + 0.09 * longest
    height = max(0.42 * len(rows) for _, rows, _ in tables.values()) + 1.5
    figure = new_figure(max(side_by_side * width, 4.5), lines * height)
    panels = figure.subplots(lines, side_by_side, squeeze=False).ravel()
    for extra in panels[len(tables) :]:
        extra.set_axis_off()
    within = all(np.nanmin(w) >= 0 and np.nanmax(w) <= 1 for w, _, _ in tables.values())
    limit = 1 if within else max(np.nanmax(np.abs(w)) for w, _, _ in tables.values())
    style = {"cmap": "Blues" if within else "RdBu", "vmin": 0 if within else -limit, "vmax": limit}
    for (place, table), axes in zip(tables.items(), panels):
        image = _draw(axes, place, *table, style)
    figure.colorbar(image, ax=panels[: len(tables)].tolist(), label="weight", shrink=0.9)
    return figure


def _draw(axes, place, weights, rows, columns, style):
    weights = np.asarray(weights)
    axes.set_facecolor("#CCCCCC")
    image = axes.imshow(np.ma.masked_invalid(weights), aspect="auto", **style)
    axes.set_title(place, fontsize=9)
    axes.set_yticks(range(len(rows)), rows, fontsize=8)
    if len(columns) > CELLS:
        axes.set_xlabel("channel", fontsize=8)
        axes.tick_params(labelsize=8)
        return image
    slanted = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    long = max(len(str(column)) for column in columns) > 3
    axes.set_xticks(range(len(columns)), columns, fontsize=8, **(slanted if long else {}))
    for row, column in np.argwhere(~np.isnan(weights)):
        value = weights[row, column]
        colour = "white" if abs(value) > 0.6 * style["vmax"] else "black"
        text = {"color": colour, "fontsize": 7, "ha": "center", "va": "center"}
        axes.text(column, row, f"{value:.2f}", **text)
    return image
