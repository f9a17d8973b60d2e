"""What the notebooks of the articles share."""

import pytest

from mtl_keras import experiments
from mtl_keras.experiments import notebook, runner
from mtl_keras.experiments.results import score

from . import toy_experiment


@pytest.fixture
def article(tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "get", lambda name: toy_experiment.MODULE)
    runner.run(toy_experiment.MODULE, seeds=[0, 1], out=tmp_path, say=lambda line: None)
    return notebook.Article("toy_experiment", tmp_path, "smoke", range(2))


def test_what_was_run_is_shown_and_what_was_not_is_left_out(article):
    assert article.made_of().startswith("Scale `smoke`, 2 seeds")
    text = notebook.markdown(*article.scores("article", "elsewhere", "never"))
    assert "#### article" in text
    assert "| joint | 90.05 ± 0.64 |" in text
    assert "elsewhere" not in text
    gains = article.gains("article", "again", "never")
    assert list(gains) == ["article: a", "article: b"]
    assert gains["article: a"].mean == pytest.approx(10)
    rows = {"one": ("article", "a alone"), "none": ("article", "c alone")}
    levels = article.levels(rows, score("a"))
    assert list(levels) == ["one"]
    assert levels["one"].mean == pytest.approx(80.05)


def test_live_runs_are_results_like_the_others(article):
    settings = article.settings("article", width=3)
    assert settings == {"scale": "smoke", "width": 3, "tasks": ["a", "b"]}
    live = article.live({"joint": settings}, "data of seed 0")
    assert "| joint | 90.00 | 90.00 |" in notebook.markdown(notebook.scores_of_live(live))
