"""What all figures are made with: no `pyplot`, so no display and no global state."""

import math
from pathlib import Path

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe and Ito
RIGHT, WRONG = "#00704F", "#B03000"


def new_figure(width, height):
    """Returns an empty figure, sizes in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=150, layout="constrained")


def grid(count, columns, width, height):
    """Returns a figure with so many axes, filled row by row; the rest of the last row is empty."""
    columns = max(1, 2 if (count, columns) == (4, 3) else min(columns, count))
    rows = math.ceil(count / columns)
    figure = new_figure(width * columns, height * rows)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for extra in axes[count:]:
        extra.set_axis_off()
    return figure, axes[:count]


def save(figures, directory):
    """Saves figures in a folder, which is made if it is not there.

    Args:
        figures: dict name -> figure.
        directory: str or path.

    Returns:
        dict name -> path of a picture, PNG.

    Example:
        >>> import tempfile
        >>> paths = save({"empty": new_figure(2, 2)}, tempfile.mkdtemp())
        >>> paths["empty"].name, paths["empty"].exists()
        ('empty.png', True)
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    paths = {name: directory / f"{name}.png" for name in figures}
    for name, figure in figures.items():
        figure.savefig(paths[name])
    return paths


def legend_below(figure, axes):
    """Puts the legend of some axes under the figure, in as few rows as its width allows."""
    handles, labels = axes.get_legend_handles_labels()
    inches = 0.7 + 0.09 * max(map(len, labels), default=0)  # of an entry
    columns = max(1, min(len(labels), int(figure.get_figwidth() / inches)))
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False)
