"""Heads: one for each kind of task, with its loss and metrics."""

from mtl_keras.heads.base import Head
from mtl_keras.heads.binary import binary
from mtl_keras.heads.classification import classification
from mtl_keras.heads.dense import dense
from mtl_keras.heads.hierarchical import ConditionalLogits, hierarchical
from mtl_keras.heads.multi_label import multi_label
from mtl_keras.heads.psnr import PSNR
from mtl_keras.heads.reconstruction import reconstruction
from mtl_keras.heads.regression import regression

__all__ = [
    "PSNR",
    "ConditionalLogits",
    "Head",
    "binary",
    "classification",
    "dense",
    "hierarchical",
    "multi_label",
    "reconstruction",
    "regression",
]
