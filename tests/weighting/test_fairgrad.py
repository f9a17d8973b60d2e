import functools

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import MGDA, FairGrad

from .directions import (
    assert_as_if_absent,
    assert_bad_input_keeps_the_last_weights,
    assert_reference,
    built,
    compiled,
    direct,
    near,
    weigh,
)
from .golden import aggregations
from .weighting_cases import jacobians, reference_fair

SEEDS = st.integers(0, 2**31)
SOLVABLE = st.sampled_from(["random", "conflicting", "badly_scaled", "duplicated", "huge", "tiny"])
ALPHAS = st.sampled_from([0.5, 1.0, 5.0])


@pytest.mark.parametrize(
    ("name", "jacobian", "losses", "options", "wanted"),
    [pytest.param(*case, id=f"{case[0]}-{case[3]}") for case in aggregations("fairgrad")],
)
def test_golden(name, jacobian, losses, options, wanted):
    assert near(jacobian, weigh(compiled(FairGrad, len(jacobian), **options), jacobian), wanted)


@pytest.mark.parametrize(("tasks", "alpha"), [(1, 2.0), (3, 1.0), (3, 5.0), (5, 0.5)])
def test_is_the_reference(tasks, alpha):
    reference = functools.partial(reference_fair, alpha=alpha)
    assert_reference(compiled(FairGrad, tasks, alpha=alpha), reference, tasks)


@settings(max_examples=15, deadline=None)
@given(kind=SOLVABLE, seed=SEEDS, alpha=ALPHAS)
def test_equations(kind, seed, alpha):
    jacobian = jacobians(kind, 3, 9, seed).astype(np.float64)
    weights = weigh(compiled(FairGrad, 3, alpha=alpha), jacobian)
    gramian = jacobian @ jacobian.T
    seen = weights > 0  # float32 has no number for the smallest weights
    assert seen.any()
    left, right = (gramian @ weights)[seen], weights[seen] ** (-1 / alpha)
    np.testing.assert_allclose(
        left, right, rtol=1e-5, atol=1e-6 * (np.abs(gramian) @ weights).max()
    )


@settings(max_examples=8, deadline=None)
@given(seed=SEEDS, alpha=ALPHAS)
def test_is_scipy_s_minimum_of_the_convex_problem(seed, alpha):
    jacobian = jacobians("random", 3, 9, seed).astype(np.float64)
    gramian, power = jacobian @ jacobian.T, 1 / alpha

    def slope(logs):
        w = np.exp(logs)
        return np.log(gramian @ w) + power * logs if (gramian @ w > 0).all() else 1e3 + 0 * w

    # From nearby: far from the solution the root finder may stop where there is none.
    first = np.log(weigh(compiled(FairGrad, 3, alpha=alpha), jacobian)) + 0.01
    found = scipy.optimize.root(slope, first, tol=1e-13)
    wanted = np.exp(found.x)
    np.testing.assert_allclose(gramian @ wanted, wanted**-power, rtol=1e-9)
    assert near(jacobian, weigh(compiled(FairGrad, 3, alpha=alpha), jacobian), wanted @ jacobian)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_orthogonal_rows_and_one_task(alpha):
    norms = np.array([1e-3, 1.0, 5.0])
    wanted = norms ** (-2 * alpha / (1 + alpha))
    np.testing.assert_allclose(
        weigh(compiled(FairGrad, 3, alpha=alpha), np.diag(norms)), wanted, rtol=1e-6
    )
    found = weigh(compiled(FairGrad, 1, alpha=alpha), [[3.0, 4.0]])
    np.testing.assert_allclose(found, 5.0 ** (-2 * alpha / (1 + alpha)), rtol=1e-6)


def test_large_alpha_helps_the_worst_off():
    jacobian = jacobians("conflicting", 3, 9, 1).astype(np.float64)
    found, shortest = (
        direct(compiled(FairGrad, 3, alpha=1e4), jacobian),
        direct(compiled(MGDA, 3), jacobian),
    )
    np.testing.assert_allclose(found, shortest / (shortest @ shortest), rtol=1e-2)


def test_without_a_solution_the_last_weights_stay():
    method = built(FairGrad, 2)
    np.testing.assert_array_equal(weigh(method, [[1.0, 2.0], [-1.0, -2.0]]), [1, 1])
    good = weigh(method, [[1.0, 0.0], [0.0, 2.0]])
    np.testing.assert_array_equal(weigh(method, [[1.0, 2.0], [-3.0, -6.0]]), good)
    assert int(method.failures) == 2


def test_a_zero_gradient_weighs_nothing():
    jacobian = np.array([[1.0, 0.0], [0.0, 0.0], [-1.0, 1.0]])
    found = weigh(built(FairGrad, 3), jacobian)
    wanted = weigh(built(FairGrad, 2), jacobian[[0, 2]])
    np.testing.assert_allclose(found[[0, 2]], wanted, rtol=1e-6)
    assert found[1] == 0
    method = built(FairGrad, 3)
    np.testing.assert_array_equal(weigh(method, np.zeros((3, 2))), 0)
    assert int(method.failures) == 0


def test_absent_tasks_and_bad_input():
    assert_as_if_absent(FairGrad)
    assert_bad_input_keeps_the_last_weights(FairGrad)


@pytest.mark.parametrize("alpha", [0, -1.0, float("inf")])
def test_refuses(alpha):
    with pytest.raises(ValueError, match=f"`alpha` must be > 0.*alpha={alpha}"):
        FairGrad(alpha=alpha)
