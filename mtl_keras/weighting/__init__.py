"""Weighting methods: how the tasks of a step share it."""

from mtl_keras.weighting.base import (
    GramianWeighting,
    JacobianWeighting,
    LossWeighting,
    TwoBatchGramianWeighting,
    Weighting,
)
from mtl_keras.weighting.dwa import DWA
from mtl_keras.weighting.equal import Equal
from mtl_keras.weighting.mgda import MGDA
from mtl_keras.weighting.pcgrad import PCGrad
from mtl_keras.weighting.registry import get, names, register
from mtl_keras.weighting.static import Static
from mtl_keras.weighting.uncertainty import Uncertainty

__all__ = [
    "DWA",
    "MGDA",
    "Equal",
    "GramianWeighting",
    "JacobianWeighting",
    "LossWeighting",
    "PCGrad",
    "Static",
    "TwoBatchGramianWeighting",
    "Uncertainty",
    "Weighting",
    "get",
    "names",
    "register",
]
