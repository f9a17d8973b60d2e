"""What there is to choose from."""

import json

import pytest

from mtl_keras import trunks, weighting
from mtl_keras.cli import main
from mtl_keras.data import samples


def test_everything_has_a_name_and_a_description(capsys):
    assert main(["list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["weightings"]) == weighting.names()
    assert list(found["samples"]) == [f"sample/{name}" for name in samples.names()]
    assert all(hasattr(trunks, name) for name in found["trunks"])
    assert all(text.endswith((".", "?")) for kind in found.values() for text in kind.values())


@pytest.mark.parametrize("kind", ["weightings", "trunks", "text", "samples"])
def test_one_kind(capsys, kind):
    assert main(["list", kind]) == 0
    assert capsys.readouterr().out.startswith(kind)


def test_an_unknown_kind(capsys):
    assert main(["list", "trunk"]) == 2
    assert "choose from" in capsys.readouterr().err
