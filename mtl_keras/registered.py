"""Imports every class that Keras must know before it opens a `.keras` file of this package."""

from mtl_keras import model, presets, text, weighting

__all__ = ["model", "presets", "text", "weighting"]
