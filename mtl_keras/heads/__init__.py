"""Heads: one for each kind of task, with its loss and metrics.

Example:
    >>> import keras
    >>> import mtl_keras as mtl
    >>> x = keras.Input((32, 32, 3), name="picture")
    >>> places = mtl.trunks.conv_trunk(width=2, pooling=None)(x)
    >>> features = keras.layers.GlobalAveragePooling2D()(places)
    >>> kind, depth = classification(5, name="kind"), regression(name="depth")
    >>> parts = dense(3, (32, 32), name="parts")
    >>> outputs = {"kind": kind(features), "depth": depth(features), "parts": parts(places)}
    >>> model = mtl.MultiTaskModel(x, outputs)
    >>> heads = [kind, depth, parts]
    >>> model.compile(
    ...     "adam",
    ...     loss={head.name: head.loss for head in heads},
    ...     metrics={head.name: head.metrics for head in heads},
    ... )
"""

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
