"""Fusion: joins the features of several inputs, some of which may be absent.

A fusion is called on a dict or list of features and returns one vector. `optional` makes an input
one that a row may lack. Ensembles join the answers of several models.
"""

from mtl_keras.fusion.absence import Part, optional
from mtl_keras.fusion.average import average_fusion
from mtl_keras.fusion.base import Fusion
from mtl_keras.fusion.bilinear import bilinear_fusion
from mtl_keras.fusion.concatenate import concatenate_fusion
from mtl_keras.fusion.cross_attention import cross_attention_fusion
from mtl_keras.fusion.ensembles import (
    AverageEnsemble,
    Ensemble,
    ProductEnsemble,
    VoteEnsemble,
    ensemble,
)
from mtl_keras.fusion.gated import gated_fusion
from mtl_keras.fusion.modality_dropout import ModalityDropout
from mtl_keras.fusion.stacking import StackingEnsemble
from mtl_keras.fusion.stand_in import StandIn

__all__ = [
    "AverageEnsemble",
    "Ensemble",
    "Fusion",
    "ModalityDropout",
    "Part",
    "ProductEnsemble",
    "StackingEnsemble",
    "StandIn",
    "VoteEnsemble",
    "average_fusion",
    "bilinear_fusion",
    "concatenate_fusion",
    "cross_attention_fusion",
    "ensemble",
    "gated_fusion",
    "optional",
]
