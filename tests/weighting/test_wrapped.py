import pytest

from mtl_keras.weighting import MGDA, PCGrad, get
from mtl_keras.weighting.wrapped import config_of, fresh


def test_every_wrapper_has_its_own_method():
    given = MGDA("l2")
    given.build(["a", "b"])
    method = fresh(given, sees=("gramian",))
    assert method is not given
    assert method.get_config() == {"normalization": "l2"}
    assert method.task_names is None


def test_config_makes_a_method_that_is_not_built():
    method = PCGrad(seed=3)
    method.build(["a", "b"])
    again = get(config_of(method))
    assert again.get_config() == {"shuffle": True, "seed": 3}
    assert again.task_names is None


@pytest.mark.parametrize("wrong", [None, "equal", "graddrop"])
def test_refuses_what_looks_at_something_else(wrong):
    with pytest.raises(ValueError, match=rf"must look at one of: gramian\. Received: {wrong!r}"):
        fresh(wrong, sees=("gramian",))


def test_refuses_unknown_methods():
    with pytest.raises(ValueError, match="Did you mean 'mgda'"):
        fresh("mgad", sees=("gramian",))
