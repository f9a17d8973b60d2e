"""Pictures of results."""

import pytest

from mtl_keras.experiments import pictures, runner

from . import toy_experiment


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    run = runner.run(toy_experiment.MODULE, seeds=[0, 1], out=out, say=lambda line: None)
    return run.runs["article"]


def test_each_task_has_curves_of_both_ways(rows):
    figure = pictures.curves(rows)
    assert len(figure.axes) == 2
    assert all(len(axes.lines) >= 2 for axes in figure.axes)
    # One legend stands for all tasks.
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["joint", "alone"]


def test_confusion_matrices_are_summed_over_seeds(rows):
    texts = {text.get_text() for axes in pictures.confusion(rows).axes for text in axes.texts}
    assert pictures.confusion(rows, "none") is None
    assert texts


def test_a_task_of_one_right_answer_has_no_matrix():
    found = {"metric": "accuracy", "score": 0.5, "classes": ["0", "1"]}
    tasks = {"a": {**found, "confusion": [[3, 3], [0, 0]]}}
    assert pictures.confusion({"joint": {0: {"tasks": tasks}}}) is None
    tasks["b"] = {**found, "confusion": [[3, 3], [1, 5]]}
    (axes,) = pictures.confusion({"joint": {0: {"tasks": tasks}}}).axes
    assert axes.get_title() == "b"


def test_accuracy_on_disturbed_pictures(rows):
    (axes,) = pictures.disturbed(rows, "a").axes
    assert [list(line.get_ydata()) for line in axes.lines] == [[0.5], [0.5]]
    assert pictures.disturbed({}, "a") is None


def test_nothing_to_draw():
    bare = {"row": {0: {"tasks": {"a": {"metric": "accuracy", "score": 1.0, "confusion": None}}}}}
    assert pictures.curves(bare) is None
    assert pictures.confusion(bare, "row") is None
    assert pictures.disturbed(bare, "a") is None
