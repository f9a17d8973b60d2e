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
    "image_recognition": ("size_224", "joint"),
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


def test_words_of_the_news_are_dropped_where_the_setting_says_so():
    module = experiments.get("image_text")
    settings = module.variants("smoke")["tuned"]["joint"]
    names = ("digits", "topics", "examples", "batch_size")
    data = module.load(0, None, **{name: settings[name] for name in names})

    def layers(**more):
        model = module.build({**settings, **more}, data)
        return [layer for layer in model.layers if type(layer).__name__ == "WordDropout"]

    assert layers() == []
    (layer,) = layers(word_dropout=0.5)
    assert layer.rate == 0.5
    (node,) = layer._inbound_nodes
    assert [tensor.name for tensor in node.input_tensors] == ["topics_text"]
