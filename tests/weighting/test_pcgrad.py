import functools
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import PCGrad

from .golden import aggregations
from .weighting_cases import KINDS, jacobians

SEEDS = st.integers(0, 2**31 - 1)


def built(tasks, **options):
    method = PCGrad(**options)
    method.build([f"task{index}" for index in range(tasks)])
    return method


@functools.cache
def ascending(tasks):
    return tf.function(built(tasks, shuffle=False))


def weigh(method, jacobian):
    jacobian = np.asarray(jacobian, np.float64)
    gramian = tf.constant(jacobian @ jacobian.T)
    return method(losses=tf.ones(len(jacobian)), gramian=gramian).numpy().astype(float)


def algorithm_1(jacobian, orders):
    """The paper's algorithm on the gradients themselves; one order of the tasks for each row."""
    jacobian = np.asarray(jacobian, np.float64)
    total = np.zeros(jacobian.shape[1])
    for i, order in enumerate(orders):
        h = jacobian[i].copy()
        for j in order:
            if j != i and h @ jacobian[j] < 0:
                h -= (h @ jacobian[j]) / (jacobian[j] @ jacobian[j]) * jacobian[j]
        total += h
    return total


def orders_drawn(tasks, seed):
    draws = tf.random.stateless_uniform(
        [tasks, tasks], tf.cast(keras.random.SeedGenerator(seed).next(), tf.int32)
    )
    return np.argsort(draws, axis=1, kind="stable")


def assert_same_direction(jacobian, weights, wanted):
    """Up to the rounding of float32 weights."""
    jacobian = np.asarray(jacobian, np.float64)
    rounding = 1e-6 * np.abs(weights) @ np.linalg.norm(jacobian, axis=1)
    assert np.linalg.norm(jacobian.T @ weights - wanted) <= rounding


@pytest.mark.parametrize(
    ("name", "jacobian", "losses", "options", "wanted"),
    [pytest.param(*case, id=case[0]) for case in aggregations("pcgrad")],
)
def test_golden(name, jacobian, losses, options, wanted):
    weights = weigh(ascending(len(jacobian)), jacobian)
    assert_same_direction(jacobian, weights, wanted)


@pytest.mark.parametrize("tasks", [1, 2, 3, 5, 20])
def test_is_the_paper_s_algorithm_in_ascending_order(tasks):
    for kind in KINDS:
        jacobian = jacobians(kind, tasks, 30, 5)
        wanted = algorithm_1(jacobian, [range(tasks)] * tasks)
        assert_same_direction(jacobian, weigh(ascending(tasks), jacobian), wanted)


@settings(max_examples=20, deadline=None)
@given(kind=st.sampled_from(KINDS), tasks=st.sampled_from([3, 5]), seed=SEEDS)
def test_is_the_paper_s_algorithm_in_the_order_drawn(kind, tasks, seed):
    jacobian = jacobians(kind, tasks, 30, seed)
    weights = weigh(built(tasks, seed=seed), jacobian)
    wanted = algorithm_1(jacobian, orders_drawn(tasks, seed))
    assert_same_direction(jacobian, weights, wanted)


@settings(max_examples=30, deadline=None)
@given(kind=st.sampled_from(KINDS), seed=SEEDS)
def test_two_tasks_closed_form_whatever_the_order(kind, seed):
    jacobian = jacobians(kind, 2, 8, seed).astype(np.float64)
    (a, b), (_, c) = jacobian @ jacobian.T
    wanted = [1 - b / a, 1 - b / c] if b < 0 else [1, 1]
    for method in (ascending(2), built(2, seed=seed)):
        np.testing.assert_allclose(weigh(method, jacobian), wanted, rtol=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, scale=st.sampled_from([1e-15, 1e-3, 1e6, 1e15]))
def test_common_scale_does_not_matter(seed, scale):
    jacobian = jacobians("conflicting", 3, 8, seed).astype(np.float64)
    weights = weigh(ascending(3), jacobian)
    assert (weights >= 1).all()
    np.testing.assert_allclose(weigh(ascending(3), scale * jacobian), weights, rtol=1e-5)


def test_without_conflict_it_is_the_sum():
    jacobian = np.abs(np.random.default_rng(0).normal(size=(4, 6)))
    np.testing.assert_array_equal(weigh(built(4), jacobian), np.ones(4))
    np.testing.assert_array_equal(weigh(built(4), np.eye(4)), np.ones(4))


CONFLICTS = jacobians("conflicting", 3, 6, 1)
POSSIBLE = np.array([
    algorithm_1(CONFLICTS, orders)
    for orders in itertools.product(*[
        [(i, j, k), (i, k, j)] for i, j, k in [(0, 1, 2), (1, 2, 0), (2, 0, 1)]
    ])
])  # fmt: skip


@pytest.mark.parametrize("jit", [False, True])
def test_every_row_draws_its_own_order(jit):
    distances = np.linalg.norm(POSSIBLE[:, None] - POSSIBLE, axis=-1)
    assert distances[~np.eye(8, dtype=bool)].min() > 1e-3
    method = built(3, seed=0)
    call = tf.function(method, jit_compile=jit)
    drawn = np.array([weigh(call, CONFLICTS) for _ in range(200)]) @ CONFLICTS
    distance = np.linalg.norm(drawn[:, None] - POSSIBLE, axis=-1)
    assert distance.min(axis=1).max() < 1e-5
    counts = np.bincount(distance.argmin(axis=1), minlength=8)
    # 200 draws of 8 outcomes: chi-squared with 7 degrees of freedom, one in a thousand above.
    assert ((counts - 25) ** 2 / 25).sum() < 24.3


def test_seeds():
    runs = [
        [weigh(method, CONFLICTS) for _ in range(5)]
        for method in (built(3, seed=1), built(3, seed=1), built(3, seed=2))
    ]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.abs(np.array(runs[0]) - runs[2]).max() > 1e-3


def test_ascending_order_draws_nothing():
    method = built(3, shuffle=False)
    before = [np.array(variable) for variable in method.variables]
    assert len(before) == 2
    np.testing.assert_array_equal(weigh(method, CONFLICTS), weigh(method, CONFLICTS))


def test_a_zero_gradient_is_in_nobody_s_way():
    jacobian = np.array([[1.0, 0.0], [0.0, 0.0], [-1.0, 1.0]])
    weights = weigh(built(3), jacobian)
    wanted = algorithm_1(jacobian[[0, 2]], [(0, 1), (1, 0)])
    assert_same_direction(jacobian, weights, wanted)
    assert weights[1] == 1
