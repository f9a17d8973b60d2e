import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import PCGrad, UPGrad

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
from .weighting_cases import KINDS, jacobians, reference_upgrad

SEEDS = st.integers(0, 2**31)


@pytest.mark.parametrize(
    ("name", "jacobian", "losses", "options", "wanted"),
    [pytest.param(*case, id=case[0]) for case in aggregations("upgrad")],
)
def test_golden(name, jacobian, losses, options, wanted):
    assert near(jacobian, weigh(compiled(UPGrad, len(jacobian)), jacobian), wanted)


@pytest.mark.parametrize("tasks", [1, 2, 5])
def test_is_the_reference(tasks):
    assert_reference(compiled(UPGrad, tasks), reference_upgrad, tasks)


@settings(max_examples=15, deadline=None)
@given(kind=st.sampled_from(KINDS), seed=SEEDS)
def test_no_task_gets_worse(kind, seed):
    jacobian = jacobians(kind, 4, 9, seed).astype(np.float64)
    weights = weigh(compiled(UPGrad, 4), jacobian)
    along = jacobian @ (weights @ jacobian) / np.maximum(np.linalg.norm(jacobian, axis=1), 1e-300)
    assert (weights >= 0.25 - 1e-7).all()
    assert (along >= -rounding(jacobian, weights)).all()


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_is_linear_in_the_scale_of_each_loss(seed):
    jacobian = jacobians("conflicting", 3, 8, seed).astype(np.float64)
    first, second = np.random.default_rng(seed).uniform(0.1, 10, (2, 3, 1))
    method = compiled(UPGrad, 3)
    apart = direct(method, first * jacobian) + direct(method, second * jacobian)
    both = (first + second) * jacobian
    assert near(both, weigh(method, both), apart)


@settings(max_examples=10, deadline=None)
@given(kind=st.sampled_from(KINDS), seed=SEEDS)
def test_of_two_tasks_it_is_half_of_pcgrad(kind, seed):
    jacobian = jacobians(kind, 2, 8, seed)
    wanted = direct(compiled(PCGrad, 2, shuffle=False), jacobian) / 2
    assert near(jacobian, weigh(compiled(UPGrad, 2), jacobian), wanted)


@pytest.mark.parametrize("scale", [1e-15, 1e-5, 1e15])
def test_scale_is_no_matter(scale):
    jacobian = jacobians("conflicting", 3, 8, 2).astype(np.float64)
    wanted = weigh(compiled(UPGrad, 3), jacobian)
    np.testing.assert_allclose(weigh(compiled(UPGrad, 3), scale * jacobian), wanted, rtol=1e-6)


def test_without_conflict_it_is_the_mean():
    jacobian = np.abs(np.random.default_rng(0).normal(size=(4, 6)))
    np.testing.assert_allclose(weigh(compiled(UPGrad, 4), jacobian), 0.25, rtol=1e-7)


def test_absent_tasks_and_bad_input():
    assert_as_if_absent(UPGrad)
    assert_bad_input_keeps_the_last_weights(UPGrad)
