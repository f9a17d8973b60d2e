"""Small exact kernels that run inside the graph, in float64, with a fixed number of steps."""

from mtl_keras.weighting.solvers.balance import balance
from mtl_keras.weighting.solvers.eigen import eigh, least_norm
from mtl_keras.weighting.solvers.gramian import unit_gramian
from mtl_keras.weighting.solvers.level import highest_level
from mtl_keras.weighting.solvers.nnqp import nnqp

__all__ = ["balance", "eigh", "highest_level", "least_norm", "nnqp", "unit_gramian"]
