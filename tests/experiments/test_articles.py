"""The first row of each article's experiment, at the scale that takes seconds."""

import json
import math

import keras
import pytest

from mtl_keras import experiments
from mtl_keras.evaluation import results

SMALLEST = {
    "image_text": ("article", "joint"),
    "image_mlp": ("article", "box alone"),
    "feature_fusion": ("smart_home", "camera only"),
    "data_classification": ("article", "joint"),
    "image_recognition": ("base", "joint"),
}


@pytest.mark.parametrize("name", SMALLEST)
def test_runs_from_what_ships_with_the_package(name, tmp_path):
    module = experiments.get(name)
    variant, row = SMALLEST[name]
    settings = module.variants("smoke")[variant][row]
    read = module.load.__kwdefaults__ or {}
    code = module.load.__code__
    names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    assert all(n in settings or n in read for n in names)
    data = module.load(0, "/nowhere", **{n: settings[n] for n in names if n in settings})
    keras.utils.set_random_seed(0)
    found = module.run(settings, 0, data, tmp_path)
    assert list(found["tasks"])[: len(settings["tasks"])] == settings["tasks"]
    assert all(math.isfinite(result["score"]) for result in found["tasks"].values())
    assert found["parameters"] > 0
    assert found["flops"] > 0
    json.dumps(results.plain(found), allow_nan=False)
