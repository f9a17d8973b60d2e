"""Figures of a comparison. Each function returns a `matplotlib.figure.Figure`, shows nothing.

Save one with `figure.savefig(path)`, or let a notebook show the one that a cell ends in.
"""

from mtl_keras.evaluation.plots.conflicts import conflicts
from mtl_keras.evaluation.plots.confusion import confusion_matrices
from mtl_keras.evaluation.plots.figure import save
from mtl_keras.evaluation.plots.learning_curves import learning_curves
from mtl_keras.evaluation.plots.samples import sample_predictions, task_samples
from mtl_keras.evaluation.plots.sharing import sharing_maps
from mtl_keras.evaluation.plots.task_bars import task_bars

__all__ = [
    "conflicts",
    "confusion_matrices",
    "learning_curves",
    "sample_predictions",
    "save",
    "sharing_maps",
    "task_bars",
    "task_samples",
]
