"""Weighting methods: how the tasks of a step share it."""

from mtl_keras.weighting.aligned_mtl import AlignedMTL
from mtl_keras.weighting.base import (
    GramianWeighting,
    JacobianWeighting,
    LossWeighting,
    TwoBatchGramianWeighting,
    Weighting,
)
from mtl_keras.weighting.cagrad import CAGrad
from mtl_keras.weighting.combined import Combined
from mtl_keras.weighting.config import ConFIG
from mtl_keras.weighting.crmogm import CRMOGM
from mtl_keras.weighting.db_mtl import DBMTL
from mtl_keras.weighting.db_mtl_averaged import DBMTLAveraged
from mtl_keras.weighting.dualproj import DualProj
from mtl_keras.weighting.dwa import DWA
from mtl_keras.weighting.equal import Equal
from mtl_keras.weighting.excess_mtl import ExcessMTL
from mtl_keras.weighting.fairgrad import FairGrad
from mtl_keras.weighting.famo import FAMO
from mtl_keras.weighting.gls import GLS
from mtl_keras.weighting.graddrop import GradDrop
from mtl_keras.weighting.gradnorm import GradNorm
from mtl_keras.weighting.gradvac import GradVac
from mtl_keras.weighting.igbv1 import IGBv1
from mtl_keras.weighting.imtl import IMTL
from mtl_keras.weighting.imtl_g import IMTLG
from mtl_keras.weighting.imtl_l import IMTLL
from mtl_keras.weighting.krum import Krum
from mtl_keras.weighting.mgda import MGDA
from mtl_keras.weighting.mgda_ub import MGDAUB
from mtl_keras.weighting.moco import MoCo
from mtl_keras.weighting.modo import MoDo
from mtl_keras.weighting.nash_mtl import NashMTL
from mtl_keras.weighting.pcgrad import PCGrad
from mtl_keras.weighting.registry import get, names, register
from mtl_keras.weighting.rlw import RLW
from mtl_keras.weighting.scale_invariant import ScaleInvariant
from mtl_keras.weighting.sdmgrad import SDMGrad
from mtl_keras.weighting.static import Static
from mtl_keras.weighting.stch import STCH, STCHLog
from mtl_keras.weighting.trimmed_mean import TrimmedMean
from mtl_keras.weighting.uncertainty import Uncertainty
from mtl_keras.weighting.upgrad import UPGrad

__all__ = [
    "CRMOGM",
    "DBMTL",
    "DWA",
    "FAMO",
    "GLS",
    "IMTL",
    "IMTLG",
    "IMTLL",
    "MGDA",
    "MGDAUB",
    "RLW",
    "STCH",
    "AlignedMTL",
    "CAGrad",
    "Combined",
    "ConFIG",
    "DBMTLAveraged",
    "DualProj",
    "Equal",
    "ExcessMTL",
    "FairGrad",
    "GradDrop",
    "GradNorm",
    "GradVac",
    "GramianWeighting",
    "IGBv1",
    "JacobianWeighting",
    "Krum",
    "LossWeighting",
    "MoCo",
    "MoDo",
    "NashMTL",
    "PCGrad",
    "SDMGrad",
    "STCHLog",
    "ScaleInvariant",
    "Static",
    "TrimmedMean",
    "TwoBatchGramianWeighting",
    "UPGrad",
    "Uncertainty",
    "Weighting",
    "get",
    "names",
    "register",
]
