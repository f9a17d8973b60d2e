import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import DualProj

from .directions import (
    assert_as_if_absent,
    assert_bad_input_keeps_the_last_weights,
    assert_reference,
    compiled,
    direct,
    near,
    rounding,
    weigh,
)
from .golden import aggregations
from .weighting_cases import KINDS, jacobians, reference_dualproj

SEEDS = st.integers(0, 2**31)


@pytest.mark.parametrize(
    ("name", "jacobian", "losses", "options", "wanted"),
    [pytest.param(*case, id=case[0]) for case in aggregations("dualproj")],
)
def test_golden(name, jacobian, losses, options, wanted):
    assert near(jacobian, weigh(compiled(DualProj, len(jacobian)), jacobian), wanted)


@pytest.mark.parametrize("tasks", [1, 2, 5])
def test_is_the_reference(tasks):
    assert_reference(compiled(DualProj, tasks), reference_dualproj, tasks)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_is_scipy_s_non_negative_least_squares(seed):
    jacobian = jacobians("conflicting", 4, 9, seed).astype(np.float64)
    mean = jacobian.mean(0)
    z, _ = scipy.optimize.nnls(jacobian.T, -mean)
    assert near(jacobian, weigh(compiled(DualProj, 4), jacobian), mean + z @ jacobian)


@settings(max_examples=15, deadline=None)
@given(kind=st.sampled_from(KINDS), seed=SEEDS)
def test_optimality_conditions(kind, seed):
    jacobian = jacobians(kind, 4, 9, seed).astype(np.float64)
    weights = weigh(compiled(DualProj, 4), jacobian)
    along = jacobian @ (weights @ jacobian) / np.maximum(np.linalg.norm(jacobian, axis=1), 1e-300)
    assert (weights >= 0.25 - 1e-7).all()
    assert (along >= -rounding(jacobian, weights)).all()
    extra = (weights - 0.25) * np.linalg.norm(jacobian, axis=1)
    assert extra @ np.abs(along) <= extra.sum() * rounding(jacobian, weights) + 1e-300


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, scale=st.sampled_from([1e-15, 1e-3, 1e15]))
def test_two_tasks_closed_form_at_any_scale(seed, scale):
    jacobian = scale * jacobians("conflicting", 2, 8, seed).astype(np.float64)
    mean = wanted = jacobian.mean(0)
    for row in jacobian:
        wanted = wanted - min(0.0, mean @ row) / (row @ row) * row
    assert near(jacobian, weigh(compiled(DualProj, 2), jacobian), wanted)


def test_without_conflict_it_is_the_mean():
    jacobian = np.abs(np.random.default_rng(0).normal(size=(4, 6)))
    np.testing.assert_allclose(weigh(compiled(DualProj, 4), jacobian), 0.25, rtol=1e-7)
    # The gradients conflict, their mean with neither: PCGrad would project.
    np.testing.assert_allclose(direct(compiled(DualProj, 2), [[3, 0], [-0.5, 3]]), [1.25, 1.5])


def test_absent_tasks_and_bad_input():
    assert_as_if_absent(DualProj)
    assert_bad_input_keeps_the_last_weights(DualProj)
