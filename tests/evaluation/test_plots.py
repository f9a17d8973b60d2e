import numpy as np
import pytest

from mtl_keras.evaluation import plots
from mtl_keras.evaluation.plots import figure as figure_parts

from .figures import nothing_is_cut_off

NAMES = [f"a rather long class name {i}" for i in range(12)]


def lines_of(axes):
    return {line.get_label(): line.get_ydata() for line in axes.lines}


def test_learning_curves():
    curves = {
        "digits": {
            "multi-task": [[0.1, 0.5, 0.7], [0.3, float("nan"), 0.9]],
            "single-task": [[0.2, 0.4], [0.4, 0.6]],
        },
        "topics": {"multi-task": [[0.5]], "single-task": [[0.6]]},
    }
    figure = plots.learning_curves(curves, {"digits": "validation accuracy", "topics": "val. loss"})
    first, second = figure.axes
    np.testing.assert_allclose(lines_of(first)["multi-task"], [0.2, 0.5, 0.8])
    np.testing.assert_allclose(lines_of(first)["single-task"], [0.3, 0.5])
    assert len(first.lines) == 2 * (1 + 2)  # a mean and two seeds each
    assert second.get_ylabel() == "val. loss"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "multi-task",
        "single-task",
    ]
    nothing_is_cut_off(figure)
    assert all(float(tick).is_integer() for tick in second.get_xticks())


@pytest.mark.parametrize(("tasks", "shape"), [(1, (1, 1)), (3, (1, 3)), (4, (2, 2)), (5, (2, 3))])
def test_panels_make_a_grid(tasks, shape):
    figure = plots.learning_curves({str(i): {"a": [[1.0]]} for i in range(tasks)})
    grid = figure.axes[0].get_subplotspec().get_gridspec()
    assert (grid.nrows, grid.ncols) == shape


class Compared:
    """Stands for a `Comparison`."""

    def __init__(self, rows):
        self.rows = rows

    def table(self):
        return {"tasks": self.rows}


def row(metric, multi, single, difference):
    return {
        "metric": metric,
        "higher_is_better": metric == "accuracy",
        "percent": metric == "accuracy",
        "multi": multi,
        "single": single,
        "difference": difference,
    }


def test_task_bars_have_a_row_per_metric():
    nan = float("nan")
    rows = {
        "digits": row("accuracy", (0.9, 0.8, 1.0), (0.8, 0.7, 0.9), (0.1, 0.05, 0.15)),
        "objects": row("accuracy", (0.7, 0.6, 0.8), (0.8, 0.7, 0.9), (-0.1, -0.3, 0.1)),
        "depth": row("mae", (2.0, nan, nan), (3.0, nan, nan), (-1.0, nan, nan)),
    }
    figure = plots.task_bars(Compared(rows))
    left, right, below, _ = figure.axes
    assert [bar.get_height() for bar in left.patches] == pytest.approx([90, 70, 80, 80])
    assert "higher is better" in left.get_ylabel()
    assert "lower is better" in below.get_ylabel()
    np.testing.assert_allclose(right.lines[0].get_xdata(), [10, -10])
    assert right.get_xlim()[1] > 30
    nothing_is_cut_off(figure)


def test_confusion_matrices_write_counts_and_shade_shares():
    figure = plots.confusion_matrices({"match": [[30, 10], [0, 5]]}, {"match": ["no", "yes"]})
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == ["30", "10", "5"]
    np.testing.assert_allclose(axes.images[0].get_array(), [[0.75, 0.25], [0, 1]])
    assert axes.get_ylabel() == "true"
    nothing_is_cut_off(figure)


@pytest.mark.parametrize("classes", [3, 12, 28])
def test_confusion_matrices_with_long_names(classes):
    names = [f"a rather long class name {i}" for i in range(classes)]
    figure = plots.confusion_matrices({"topics": np.eye(classes, dtype=int)}, {"topics": names})
    nothing_is_cut_off(figure)
    assert bool(figure.axes[0].texts) == (classes <= 12)


def test_confusion_matrix_of_a_class_never_seen():
    plots.confusion_matrices({"digits": [[0, 0], [1, 1]]}).draw_without_rendering()
    with pytest.raises(ValueError, match="`matrices`"):
        plots.confusion_matrices({})


def colours(figure):
    return [axes.title.get_color() for axes in figure.axes if axes.get_title()]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_sample_pictures(channels, dtype):
    pictures = np.ones((7, 8, 8, channels), dtype)
    labels = NAMES[:7]
    figure = plots.sample_predictions({"x": pictures}, labels, [*labels[:6], "frog"], "objects")
    assert colours(figure) == [figure_parts.RIGHT] * 6 + [figure_parts.WRONG]
    assert figure.axes[0].images[0].get_clim()[1] == (255 if dtype == "uint8" else 1)
    nothing_is_cut_off(figure)


def test_sample_texts_may_hold_anything():
    texts = ["$5 and $6_{x", "", "word " * 100, b"bytes"]
    figure = plots.sample_predictions({"x": texts}, NAMES[:4], NAMES[1:5], "topics")
    shown = [text.get_text() for text in figure.axes[0].texts]
    assert texts[0] in shown
    nothing_is_cut_off(figure)


def test_sample_pictures_with_captions():
    examples = {"t": ["a red $5 circle on a blue ground"] * 2, "p": np.zeros((2, 8, 8, 3), "uint8")}
    figure = plots.sample_predictions(examples, ["fits", "fits"], ["fits", "does not fit"])
    assert "circle" in figure.axes[0].get_xlabel()
    assert colours(figure) == [figure_parts.RIGHT, figure_parts.WRONG]
    nothing_is_cut_off(figure)


def test_samples_of_something_else_are_refused():
    with pytest.raises(ValueError, match="`examples`"):
        plots.sample_predictions({"x": np.zeros((2, 4))}, ["a", "b"], ["a", "b"])
