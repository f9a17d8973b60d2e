"""What there is to choose from."""

import inspect
import json

import keras
import pytest

from mtl_keras import fusion, trunks, weighting
from mtl_keras.cli import main
from mtl_keras.data import samples
from mtl_keras.evaluation import builders


def test_everything_has_a_name_and_a_description(capsys):
    assert main(["list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["weightings"]) == weighting.names()
    assert list(found["samples"]) == [f"sample/{name}" for name in samples.names()]
    assert all(hasattr(trunks, name) for name in found["trunks"])
    assert all(text.endswith((".", "?")) for kind in found.values() for text in kind.values())


@pytest.mark.parametrize("kind", ["weightings", "features", "heads", "samples"])
def test_one_kind(capsys, kind):
    assert main(["list", kind]) == 0
    assert capsys.readouterr().out.startswith(kind)


def test_builders_with_what_they_cost(capsys):
    assert main(["list", "fusion", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["fusion"]
    assert found.keys() == builders(fusion).keys()
    joined = concatenate_by_hand()
    assert found["concatenate_fusion"]["parameters"] == joined.count_params()
    assert main(["list", "fusion"]) == 0
    shown = capsys.readouterr().out
    assert f"{joined.count_params():,}" in shown
    assert "two vectors of 128" in shown


def concatenate_by_hand():
    """Both parts normalised, joined, and a dense layer of the default width."""
    x, y = keras.Input((128,)), keras.Input((128,))
    norms = [keras.layers.LayerNormalization()(each) for each in (x, y)]
    joined = keras.layers.Concatenate()(norms)
    width = inspect.signature(fusion.concatenate_fusion).parameters["width"].default
    return keras.Model([x, y], keras.layers.Dense(width, activation="relu")(joined))


def test_an_unknown_kind(capsys):
    assert main(["list", "trunk"]) == 2
    assert "choose from" in capsys.readouterr().err
