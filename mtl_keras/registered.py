"""Imports every class that Keras must know before it opens a `.keras` file of this package."""

from mtl_keras import (
    architectures,
    features,
    fusion,
    heads,
    model,
    presets,
    text,
    trunks,
    weighting,
)

__all__ = [
    "architectures",
    "features",
    "fusion",
    "heads",
    "model",
    "presets",
    "text",
    "trunks",
    "weighting",
]
