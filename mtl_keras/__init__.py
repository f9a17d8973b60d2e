"""Multi-task learning for Keras 3: one model, several tasks, any loss weighting, one fit."""

import importlib
import os
import sys

from mtl_keras._version import __version__

_ROOMS = (
    "architectures",
    "callbacks",
    "data",
    "evaluation",
    "features",
    "fusion",
    "heads",
    "presets",
    "testing",
    "text",
    "trunks",
    "weighting",
)
_NAMES = {"Jacobian": "mtl_keras.weighting.jacobian", "MultiTaskModel": "mtl_keras.model"}

__all__ = ["Jacobian", "MultiTaskModel", "__version__", *_ROOMS]


def __getattr__(name):
    """Imports the public names when they are first used: `--help` must not wait for TensorFlow."""
    if name in _ROOMS:
        _register()
        return importlib.import_module(f"mtl_keras.{name}")
    if name in _NAMES:
        _register()
        return getattr(importlib.import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'mtl_keras' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)


def _check_backend(backend):
    if backend != "tensorflow":
        raise ImportError(
            "mtl_keras runs on the TensorFlow backend of Keras: set KERAS_BACKEND=tensorflow. "
            f"Received: {backend!r}"
        )


def _register():
    """Checks the backend and makes `keras.saving.load_model` know the classes of this package."""
    import keras

    _check_backend(keras.backend.backend())
    importlib.import_module("mtl_keras.registered")


_check_backend(os.environ.get("KERAS_BACKEND") or "tensorflow")  # before Keras is loaded
if hasattr(sys.modules.get("keras"), "saving"):  # Keras is there, so nothing need wait
    _register()
