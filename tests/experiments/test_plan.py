"""Rows of experiments, and what is to be done for them."""

import json
from pathlib import Path

import pytest

from mtl_keras import experiments
from mtl_keras.experiments import plan


def test_the_reduced_models_share_the_budget_of_the_joint_one():
    rows = plan.joint_and_alone({"budget": 1.0}, ["a", "b", "c"], alone=["a"], reduced=True)
    assert rows == {
        "joint": {"budget": 1.0, "tasks": ["a", "b", "c"]},
        "a alone": {"budget": 1.0, "tasks": ["a"]},
        "a alone, 1/3 of the budget": {"budget": 1 / 3, "tasks": ["a"]},
    }


def test_seeds_come_one_after_the_other_and_equal_settings_once(tmp_path):
    variants = {"a": {"x": {"w": 1}, "y": {"w": 2}}, "b": {"z": {"w": 2}, "u": {"w": 3}}}
    jobs = plan.jobs("toy", variants, [4, 5], tmp_path)
    assert [(j.name, j.settings["w"], j.seed) for j in jobs] == [
        ("a x", 1, 4), ("a y", 2, 4), ("b u", 3, 4),
        ("a x", 1, 5), ("a y", 2, 5), ("b u", 3, 5),
    ]  # fmt: skip
    assert len({job.path for job in jobs}) == 6


def test_the_file_stands_for_experiment_settings_and_seed():
    path = plan.result_path(Path("runs"), "toy", {"scale": "smoke", "tasks": ["a"]}, 1)
    assert path.name.startswith("smoke-a-seed1-")
    other = plan.result_path(Path("runs"), "other", {"scale": "smoke", "tasks": ["a"]}, 1)
    assert path != other


def test_unknown_names():
    with pytest.raises(ValueError, match=r"variant 'tunde'. Did you mean 'tuned'\?"):
        plan.chosen({"tuned": {}}, ["tunde"])
    with pytest.raises(ValueError, match=r"scale 'smok'. Did you mean 'smoke'\?"):
        plan.check_scale("smok")
    with pytest.raises(ValueError, match=r"Did you mean 'image_text'\?"):
        experiments.get("image_txt")


@pytest.mark.parametrize("scale", experiments.SCALES)
@pytest.mark.parametrize("name", experiments.ARTICLES)
def test_every_plan_is_of_plain_values_and_has_the_article_first(name, scale):
    variants = experiments.get(name).variants(scale)
    assert next(iter(variants)) == "article"
    assert next(iter(variants["article"])) == "joint"
    for rows in variants.values():
        for settings in rows.values():
            assert json.loads(json.dumps(settings)) == settings
            assert settings["scale"] == scale
            assert settings["tasks"]


@pytest.mark.parametrize("name", experiments.ARTICLES)
def test_every_experiment_says_what_it_does(name):
    module = experiments.get(name)
    text = " ".join(module.__doc__.split())
    for said in ('Article: "', "Data:", "Protocol.", "Broken there:", "Instead:", "no measured"):
        assert said in text, said
    assert module.TITLE
