import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import ExcessMTL

from .golden import stateful_cases

SUM_T = "weights_sum_T_first_call_kept_uniform"


def built(jacobian, **options):
    method = ExcessMTL(**options)
    method.build([f"task{index}" for index in range(len(jacobian))], size=len(jacobian[0]))
    return method


@pytest.mark.parametrize("case", stateful_cases("excess_mtl"), ids=lambda case: case["jacobian"])
def test_golden(case):
    options = case["options"]
    method = built(options["jacobians"][0], robust_step_size=options["robust_step_size"])
    for jacobian, losses, weights in zip(options["jacobians"], options["losses"], case[SUM_T]):
        direction = method(losses=losses, jacobian=jacobian)
        np.testing.assert_allclose(method.task_weights, weights, rtol=0, atol=1e-6)
        wanted = np.transpose(jacobian) @ weights
        np.testing.assert_allclose(direction, wanted, rtol=0, atol=1e-6 * np.abs(wanted).max())


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([0.01, 1.0]))
def test_follows_the_rule_over_steps(seed, rate):
    jacobians = np.random.default_rng(seed).normal(size=(4, 3, 5))
    method, squares, w = built(jacobians[0], robust_step_size=rate), 0, np.ones(3)
    for step, jacobian in enumerate(jacobians):
        squares = squares + jacobian**2
        risks = (jacobian**2 / np.sqrt(squares + 1e-7)).sum(axis=1)
        if step == 0:
            first = risks
        else:
            w = w * np.exp(rate * risks / first)
            w = 3 * w / w.sum()
        found = method(losses=np.ones(3), jacobian=jacobian)
        np.testing.assert_allclose(method.task_weights, w, rtol=1e-4)
        np.testing.assert_allclose(found, jacobian.T @ w, rtol=0, atol=1e-4)


def test_first_risk_is_the_sum_of_absolute_values():
    jacobian = np.random.default_rng(0).normal(size=(3, 5))
    method = built(jacobian)
    method(losses=np.ones(3), jacobian=jacobian)
    np.testing.assert_allclose(method.first_risks, np.abs(jacobian).sum(axis=1), rtol=1e-5)


def test_weights_recover_however_small_they_were():
    method = built(np.eye(2), robust_step_size=50.0)
    for jacobian in [np.eye(2)] + 3 * [np.diag([0.0, 1.0])]:
        method(losses=np.ones(2), jacobian=jacobian)
    assert float(method.task_weights[0]) < 1e-30
    for _ in range(6):
        method(losses=np.ones(2), jacobian=np.diag([1.0, 0.0]))
    assert float(method.task_weights[0]) > 1.99


def test_own_variables_get_the_weights():
    method = built(np.eye(3))
    for scale in (1.0, 4.0):
        method(losses=np.ones(3), jacobian=np.diag([1.0, scale, 1.0]))
    present = np.array([True, True, False])
    own = method.own_weights(present=present).numpy()
    np.testing.assert_array_equal(own, method.task_weights.numpy() * present)


def test_absent_tasks_keep_their_weight():
    jacobians, there = np.random.default_rng(1).normal(size=(4, 3, 5)), np.array([1, 0, 1]) > 0
    method, other = built(jacobians[0]), built(jacobians[0][there])
    for jacobian in jacobians:
        found = method(losses=np.ones(3), jacobian=jacobian, present=there)
        wanted = other(losses=np.ones(2), jacobian=jacobian[there])
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    assert float(method.log_weights[1]) == 0
    np.testing.assert_array_equal(method.squares[1], np.zeros(5))
