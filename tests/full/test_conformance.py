"""The whole conformance suite on every weighting method and on wrappers around all kinds."""

import pytest

from mtl_keras.testing import check_weighting
from mtl_keras.weighting import (
    CRMOGM,
    RLW,
    Combined,
    GradDrop,
    MoCo,
    PCGrad,
    Static,
    Uncertainty,
    get,
    names,
)

METHODS = [Static({"a": 0.5}) if name == "static" else get(name) for name in names()]
METHODS += [
    PCGrad(shuffle=False),
    RLW("dirichlet"),
    MoCo("code"),
    GradDrop(leak=0.5),
    Uncertainty(form="liebel"),
    *(CRMOGM(inside) for inside in ("imtl_l", "rlw", "famo", "modo", "gradnorm")),
    *(Combined(*pair) for pair in (("famo", "modo"), ("igbv1", "gradnorm"), ("rlw", "pcgrad"))),
]


@pytest.mark.full
@pytest.mark.parametrize("method", METHODS, ids=lambda method: str(method.get_config())[:60])
def test_conforms(method):
    check_weighting(method)
