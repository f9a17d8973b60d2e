"""Trunks: builders that turn pictures into features."""

from mtl_keras.trunks.base import Trunk
from mtl_keras.trunks.conv import conv_trunk

__all__ = ["Trunk", "conv_trunk"]
