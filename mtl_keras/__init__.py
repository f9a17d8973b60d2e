"""Multi-task learning for Keras 3: one model, several tasks, any loss weighting, one fit."""

import importlib

from mtl_keras._version import __version__

_ROOMS = (
    "callbacks",
    "data",
    "evaluation",
    "presets",
    "testing",
    "text",
    "trunks",
    "weighting",
)
_NAMES = {"MultiTaskModel": "mtl_keras.model"}

__all__ = ["MultiTaskModel", "__version__", *_ROOMS]


def __getattr__(name):
    """Imports the public names when they are first used: `--help` must not wait for TensorFlow."""
    if name in _ROOMS:
        _check_backend()
        return importlib.import_module(f"mtl_keras.{name}")
    if name in _NAMES:
        _check_backend()
        return getattr(importlib.import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'mtl_keras' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)


def _check_backend():
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ImportError(
            f"mtl_keras runs on the TensorFlow backend of Keras; KERAS_BACKEND is "
            f"{keras.backend.backend()!r}, set it to 'tensorflow'."
        )
