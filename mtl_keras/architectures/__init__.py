"""Sharing architectures: what the tasks share beside, or instead of, one trunk."""

from mtl_keras.architectures.base import Architecture
from mtl_keras.architectures.branch import Branch
from mtl_keras.architectures.cgc import cgc
from mtl_keras.architectures.cross_stitch import CrossStitch, cross_stitch
from mtl_keras.architectures.dselect_k import EntropySchedule, dselect_k
from mtl_keras.architectures.gates import Mixture
from mtl_keras.architectures.hard_sharing import hard_sharing
from mtl_keras.architectures.hardening import harden
from mtl_keras.architectures.ltb import BranchSchedule, ltb
from mtl_keras.architectures.mixers import Mixer, Mixing, mixing
from mtl_keras.architectures.mmoe import mmoe
from mtl_keras.architectures.mtan import Mask, mtan
from mtl_keras.architectures.ple import ple
from mtl_keras.architectures.select_k import SelectK

__all__ = [
    "Architecture",
    "Branch",
    "BranchSchedule",
    "CrossStitch",
    "EntropySchedule",
    "Mask",
    "Mixer",
    "Mixing",
    "Mixture",
    "SelectK",
    "cgc",
    "cross_stitch",
    "dselect_k",
    "hard_sharing",
    "harden",
    "ltb",
    "mixing",
    "mmoe",
    "mtan",
    "ple",
]
