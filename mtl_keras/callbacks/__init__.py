"""Callbacks: exact checkpoints and a progress line that stays readable."""

from mtl_keras.callbacks.checkpoint import Checkpoint
from mtl_keras.callbacks.progress import CompactProgress

__all__ = ["Checkpoint", "CompactProgress"]
