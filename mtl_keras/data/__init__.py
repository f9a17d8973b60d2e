"""Data sets, pipelines and mixing."""

from mtl_keras.clock import set_epoch
from mtl_keras.data.autotune import without_autotune
from mtl_keras.data.cutmix import CutMix
from mtl_keras.data.load import Data, load
from mtl_keras.data.mixing import zip_tasks
from mtl_keras.data.mixup import MixUp
from mtl_keras.data.one_hot import OneHot
from mtl_keras.data.pictures import Augmentation
from mtl_keras.data.sources import Source

__all__ = [
    "Augmentation",
    "CutMix",
    "Data",
    "MixUp",
    "OneHot",
    "Source",
    "load",
    "set_epoch",
    "without_autotune",
    "zip_tasks",
]
