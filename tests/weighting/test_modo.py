import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import MGDA, MoDo

from .golden import stateful_cases
from .slopes import built

SEEDS = st.integers(0, 2**31)


def weigh(method, first, second, present=None):
    cross = tf.constant(first @ second.T)
    return method(losses=np.ones(len(first)), gramian=cross, present=present).numpy().astype(float)


def project(point):
    """On the simplex, by sorting."""
    ordered = np.sort(point)[::-1]
    thetas = (np.cumsum(ordered) - 1) / np.arange(1, len(point) + 1)
    return np.maximum(point - thetas[np.nonzero(ordered > thetas)[0].max()], 0)


@pytest.mark.parametrize("case", stateful_cases("modo"), ids=lambda case: case["jacobian"])
def test_golden(case):
    options = case["options"]
    first, second, whole = map(np.array, options["jacobians"])
    weights = weigh(built(MoDo(options["gamma"], options["rho"]), len(first)), first, second)
    np.testing.assert_allclose(weights, case["weights"], rtol=0, atol=1e-7)
    wanted = np.array(case["vector"])
    np.testing.assert_allclose(whole.T @ weights, wanted, rtol=0, atol=1e-6 * abs(wanted).max())


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_follows_the_rule_over_steps(seed):
    random = np.random.default_rng(seed)
    method, w = built(MoDo(gamma=0.05, rho=0.2), 4), np.full(4, 0.25)
    for _ in range(3):
        first, second = random.normal(size=(2, 4, 6))
        w = project(w - 0.05 * (first @ second.T @ w + 0.2 * w))
        np.testing.assert_allclose(weigh(method, first, second), w, rtol=0, atol=1e-6)


def test_mgda_s_weights_are_a_fixed_point():
    jacobian = np.random.default_rng(1).normal(size=(3, 5))
    shortest = built(MGDA(), 3)(losses=np.ones(3), gramian=jacobian @ jacobian.T)
    method = built(MoDo(rho=0.0), 3)
    method.shares.assign(shortest)
    np.testing.assert_allclose(weigh(method, jacobian, jacobian), shortest, atol=1e-6)


def test_steps_end_at_mgda_s_weights():
    jacobian = np.array([[1.0, 0.0], [0.0, 2.0]])
    method = built(MoDo(gamma=0.3, rho=0.0), 2)
    for _ in range(20):
        weights = weigh(method, jacobian, jacobian)
    np.testing.assert_allclose(weights, [0.8, 0.2], atol=1e-4)


def test_absent_tasks_keep_their_share():
    random = np.random.default_rng(2)
    method, other = built(MoDo(), 3), built(MoDo(), 2)
    there = np.array([True, False, True])
    for _ in range(3):
        first, second = random.normal(size=(2, 3, 5))
        weights = weigh(method, first, second, there)
        np.testing.assert_allclose(weights[there], weigh(other, first[there], second[there]))
        assert weights[1] == 0
    np.testing.assert_allclose(method.shares.numpy()[[0, 2]], 2 * weights[there], rtol=1e-6)
    assert float(method.shares[1]) == 1


def test_a_gramian_that_is_not_finite_leaves_the_state():
    method = built(MoDo(), 2)
    first = weigh(method, np.eye(2), np.diag([1.0, 3.0]))
    state = method.shares.numpy()
    bad = np.full((2, 2), np.nan)
    np.testing.assert_array_equal(weigh(method, bad, bad), first)
    np.testing.assert_array_equal(method.shares, state)
    assert int(method.failures) == 1
