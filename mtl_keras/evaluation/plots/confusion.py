"""Which classes are taken for which."""

import numpy as np

from mtl_keras.evaluation.plots.figure import grid


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
    figure, panels = grid(len(matrices), 3, side, side)
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
