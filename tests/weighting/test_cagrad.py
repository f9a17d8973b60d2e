import functools

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import MGDA, CAGrad

from .directions import (
    assert_as_if_absent,
    assert_bad_input_keeps_the_last_weights,
    assert_reference,
    built,
    compiled,
    direct,
    near,
    rounding,
    weigh,
)
from .golden import aggregations
from .weighting_cases import jacobians, reference_cagrad

SEEDS = st.integers(0, 2**31)


@pytest.mark.parametrize(
    ("name", "jacobian", "losses", "options", "wanted"),
    [pytest.param(*case, id=f"{case[0]}-{case[3]}") for case in aggregations("cagrad")],
)
def test_golden(name, jacobian, losses, options, wanted):
    assert near(jacobian, weigh(built(CAGrad, len(jacobian), **options), jacobian), wanted)


@pytest.mark.parametrize(("tasks", "c"), [(1, 0.5), (2, 0.5), (5, 0.5), (5, 2.0)])
def test_is_the_reference(tasks, c):
    reference = functools.partial(reference_cagrad, c=c)
    assert_reference(compiled(CAGrad, tasks, c=c), reference, tasks)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, c=st.sampled_from([0.5, 2.0]))
def test_is_scipy_s_minimum_of_the_dual(seed, c):
    jacobian = jacobians("conflicting", 3, 9, seed).astype(np.float64)
    mean = jacobian.mean(0)
    ball = c * np.linalg.norm(mean)

    def dual(w):
        return w @ jacobian @ mean + ball * np.linalg.norm(w @ jacobian)

    found = scipy.optimize.minimize(
        dual,
        np.full(3, 1 / 3),
        method="SLSQP",
        bounds=[(0, 1)] * 3,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-15, "maxiter": 500},
    )
    # Strong duality: the least gain of the best step is the minimum of the dual.
    step = direct(compiled(CAGrad, 3, c=c), jacobian)
    scale = np.linalg.norm(jacobian, axis=1).max() * np.linalg.norm(mean)
    np.testing.assert_allclose((jacobian @ step).min(), found.fun, rtol=0, atol=1e-5 * scale)


@settings(max_examples=15, deadline=None)
@given(kind=st.sampled_from(["random", "conflicting", "duplicated"]), seed=SEEDS)
def test_optimality_conditions(kind, seed):
    jacobian = jacobians(kind, 4, 9, seed).astype(np.float64)
    weights = weigh(compiled(CAGrad, 4, c=0.5), jacobian)
    mean, step = jacobian.mean(0), weights @ jacobian
    tiny = 10 * rounding(jacobian, weights)
    assert abs(np.linalg.norm(step - mean) - 0.5 * np.linalg.norm(mean)) <= tiny
    gains = jacobian @ step
    norms = np.linalg.norm(jacobian, axis=1)
    least = gains.min()
    assert least >= (jacobian @ mean).min() - tiny * norms.min()
    extra = (weights - 0.25) * norms
    assert extra @ ((gains - least) / norms) <= extra.sum() * tiny


def test_radius_0_is_the_mean_and_a_large_one_points_as_mgda():
    jacobian = jacobians("conflicting", 3, 9, 1).astype(np.float64)
    np.testing.assert_allclose(weigh(compiled(CAGrad, 3, c=0), jacobian), 1 / 3, rtol=1e-6)
    step, shortest = (
        direct(compiled(CAGrad, 3, c=1e5), jacobian),
        direct(compiled(MGDA, 3), jacobian),
    )
    cosine = step @ shortest / np.linalg.norm(step) / np.linalg.norm(shortest)
    assert cosine > 1 - 1e-9


@pytest.mark.parametrize(("rescale", "factor"), [(0, 1.5), (1, 1.5 / 1.25), (2, 1.0)])
def test_equal_rows_and_rescale(rescale, factor):
    same = np.repeat([[1.0, -2.0, 3.0]], 4, axis=0)
    found = direct(built(CAGrad, 4, c=0.5, rescale=rescale), same)
    np.testing.assert_allclose(found, factor * same[0], rtol=1e-6)


def test_a_vanishing_mean_gives_nothing():
    jacobian = np.array([[1.0, 2.0], [-1.0, -2.0]])
    np.testing.assert_allclose(direct(compiled(CAGrad, 2, c=0.5), jacobian), 0, atol=1e-7)


@pytest.mark.parametrize("scale", [1e-15, 1e15])
def test_scale_is_no_matter(scale):
    jacobian = jacobians("conflicting", 3, 8, 2).astype(np.float64)
    method = compiled(CAGrad, 3, c=0.5)
    wanted = weigh(method, jacobian)
    np.testing.assert_allclose(weigh(method, scale * jacobian), wanted, rtol=1e-6)


def test_absent_tasks_and_bad_input():
    assert_as_if_absent(CAGrad)
    assert_bad_input_keeps_the_last_weights(CAGrad)


@pytest.mark.parametrize("options", [{"c": -0.1}, {"c": float("inf")}, {"rescale": 3}])
def test_refuses(options):
    name, value = next(iter(options.items()))
    with pytest.raises(ValueError, match=f"`{name}` must.*Received: {name}={value}"):
        CAGrad(**options)
