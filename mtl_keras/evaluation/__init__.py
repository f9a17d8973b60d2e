"""Comparison of multi-task with single-task models: runs, statistics, costs and figures."""

from mtl_keras.evaluation import plots
from mtl_keras.evaluation.compare import compare, single_task
from mtl_keras.evaluation.components import builders, component_costs
from mtl_keras.evaluation.cost import Cost, cost, flops
from mtl_keras.evaluation.diagram import model_diagram
from mtl_keras.evaluation.report import Comparison
from mtl_keras.evaluation.static_weights import tune_static
from mtl_keras.evaluation.statistics import (
    Interval,
    delta_m,
    interval,
    paired_difference,
    standard_error,
)

__all__ = [
    "Comparison",
    "Cost",
    "Interval",
    "builders",
    "compare",
    "component_costs",
    "cost",
    "delta_m",
    "flops",
    "interval",
    "model_diagram",
    "paired_difference",
    "plots",
    "single_task",
    "standard_error",
    "tune_static",
]
