"""What the command line trains with: a model for any `Data`, optimizers, label smoothing."""

from mtl_keras.presets.models import shared_model
from mtl_keras.presets.optimizers import OPTIMIZERS, SCHEDULES, OneCycle, optimizer
from mtl_keras.presets.smoothing import SmoothedCrossentropy, smooth

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "OneCycle",
    "SmoothedCrossentropy",
    "optimizer",
    "shared_model",
    "smooth",
]
