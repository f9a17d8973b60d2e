import keras
import pytest

from mtl_keras.weighting import DWA, PCGrad, Static, Weighting, get, names, register, registry


@pytest.mark.parametrize("name", names())
def test_every_name_gives_its_method(name):
    options = {"weights": {}} if name == "static" else {}
    method = get({"class_name": name, "config": options})
    assert isinstance(method, Weighting)
    registered = keras.saving.get_registered_name(type(method))
    assert registered == f"mtl_keras>{type(method).__name__}"


def test_names_are_sorted_and_filtered():
    assert names() == sorted(names())
    assert {"dwa", "equal", "mgda", "pcgrad", "static", "uncertainty"} <= set(names())
    assert "pcgrad" in names("*grad")
    assert "dwa" not in names("*grad")
    assert names("no such") == []


@pytest.mark.parametrize("name", ["pcgrad", "PCGrad", "pc_grad", "PCGRAD"])
def test_get_by_name(name):
    assert type(get(name)) is PCGrad


def test_get_what_is_there_already():
    method = DWA(3.0)
    assert get(method) is method
    assert get(None) is None
    assert type(get(DWA)) is DWA


def test_get_by_config():
    assert get({"class_name": "dwa", "config": {"temperature": 3.0}}).temperature == 3.0
    assert get({"class_name": "DWA", "config": {"temperature": 3.0}}).temperature == 3.0
    config = keras.saving.serialize_keras_object(DWA(3.0))
    assert get(config).get_config() == {"temperature": 3.0}


def test_get_constant_weights():
    method = get({"digits": 0.5})
    assert type(method) is Static
    assert method.get_config() == {"weights": {"digits": 0.5}}


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(ValueError, match=r"'pcgard'\. Did you mean 'pcgrad'\? Known: .*dwa"):
        get("pcgard")


def test_get_refuses_anything_else():
    with pytest.raises(ValueError, match=r"`weighting` must be .* Received: weighting=3"):
        get(3)


def test_a_name_belongs_to_one_class(monkeypatch):
    monkeypatch.setattr(registry, "_METHODS", dict(registry._METHODS))

    @register("mine")
    class Mine(DWA):
        pass

    assert type(get("mine")) is Mine
    assert register("mine")(Mine) is Mine
    with pytest.raises(ValueError, match="'mine' is taken by Mine"):

        @register("mine")
        class Other(DWA):
            pass
