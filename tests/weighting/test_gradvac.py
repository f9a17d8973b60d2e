import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import GradVac, PCGrad

from .directions import assert_as_if_absent, built, compiled, direct, near, rounding, weigh
from .golden import GOLDEN
from .weighting_cases import KINDS, jacobians

SEEDS = st.integers(0, 2**31 - 1)


def ascending(tasks, beta=0.5):
    return built(GradVac, tasks, beta=beta, shuffle=False)


def vaccinate(jacobian, targets, beta, orders):
    """The paper's rule on the gradients themselves; changes the targets, returns the direction."""
    total = np.zeros(jacobian.shape[1])
    for i, order in enumerate(orders):
        h = jacobian[i].copy()
        for j in order:
            norm = np.linalg.norm(jacobian[j])
            if j == i or norm == 0 or np.linalg.norm(jacobian[i]) == 0:
                continue
            length, phi = np.linalg.norm(h), targets[i, j]
            gone = length <= 1e-7 * np.linalg.norm(jacobian[i])
            cosine = 0.0 if gone else h @ jacobian[j] / length / norm
            if cosine < phi and not gone:
                sine = np.sqrt(max(1 - cosine**2, 0))
                h = h + length * (phi * sine / np.sqrt(1 - phi**2) - cosine) / norm * jacobian[j]
            targets[i, j] = (1 - beta) * phi + beta * cosine
        total += h
    return total


@pytest.mark.parametrize("name", "ABCD")
def test_golden_over_two_steps(name):
    cases = [
        case
        for case in GOLDEN["aggregations"]
        if case["method"] == "gradvac" and case["jacobian"] == name
    ]
    jacobian = np.array(GOLDEN["jacobians"][name]["J"])
    method = ascending(len(jacobian))
    for step, case in enumerate(cases, start=1):
        assert case["options"]["step"] == step
        assert near(jacobian, weigh(method, jacobian), case["vector"])
        np.testing.assert_allclose(method.targets, case["options"]["target_after"], atol=1e-9)


@pytest.mark.parametrize("tasks", [1, 2, 5])
def test_is_the_paper_s_rule_in_ascending_order(tasks):
    for kind in KINDS:
        method, targets = ascending(tasks), np.zeros((tasks, tasks))
        for seed in (5, 6):
            jacobian = jacobians(kind, tasks, 30, seed).astype(np.float64)
            wanted = vaccinate(jacobian, targets, 0.5, [range(tasks)] * tasks)
            assert near(jacobian, weigh(method, jacobian), wanted), kind
            np.testing.assert_allclose(method.targets, targets, atol=1e-6)


@settings(max_examples=8, deadline=None)
@given(seed=SEEDS)
def test_is_the_paper_s_rule_in_the_order_drawn(seed):
    jacobian = jacobians("conflicting", 4, 30, seed).astype(np.float64)
    draws = tf.random.stateless_uniform(
        [4, 4], tf.cast(keras.random.SeedGenerator(seed).next(), tf.int32)
    )
    orders = np.argsort(draws, axis=1, kind="stable")
    wanted = vaccinate(jacobian, np.zeros((4, 4)), 0.01, orders)
    assert near(jacobian, weigh(built(GradVac, 4, seed=seed), jacobian), wanted)


@settings(max_examples=8, deadline=None)
@given(kind=st.sampled_from(KINDS), seed=SEEDS)
def test_the_first_step_is_pcgrad(kind, seed):
    jacobian = jacobians(kind, 4, 9, seed)
    wanted = direct(compiled(PCGrad, 4, shuffle=False), jacobian)
    assert near(jacobian, weigh(ascending(4), jacobian), wanted)


@settings(max_examples=8, deadline=None)
@given(seed=SEEDS, target=st.floats(-0.8, 0.95))
def test_the_cosine_becomes_the_target(seed, target):
    jacobian = jacobians("opposed", 2, 9, seed).astype(np.float64)
    jacobian[1] += 0.1 * jacobian[1, ::-1]
    method = ascending(2)
    method.targets.assign([[0, target], [-1, 0]])
    weights = weigh(method, jacobian)
    # The second gradient stays as it is, as its target is out of reach.
    turned = weights @ jacobian - jacobian[1]
    cosine = turned @ jacobian[1] / np.linalg.norm(turned) / np.linalg.norm(jacobian[1])
    tiny = rounding(jacobian, weights) / np.linalg.norm(turned)
    assert abs(cosine - target) <= 1e-6 + 2 * tiny


def test_equal_gradients_for_long_leave_the_targets_below_1():
    method = ascending(2, beta=1.0)
    for _ in range(3):
        np.testing.assert_allclose(weigh(method, np.ones((2, 3))), [1, 1])
    assert np.max(method.targets) < 1
    assert np.isfinite(weigh(method, [[1.0, 0.0], [0.0, 1.0]])).all()


def test_absent_tasks_keep_their_targets():
    assert_as_if_absent(GradVac, shuffle=False)
    method = ascending(3)
    weigh(method, jacobians("conflicting", 3, 9, 1))
    before = np.array(method.targets)
    weigh(method, jacobians("conflicting", 3, 9, 2), present=[True, False, True])
    changed = np.array(method.targets) != before
    np.testing.assert_array_equal(changed, [[0, 0, 1], [0, 0, 0], [1, 0, 0]])


def test_bad_input_leaves_the_targets():
    method = ascending(3)
    good = weigh(method, jacobians("conflicting", 3, 9, 1))
    before = np.array(method.targets)
    np.testing.assert_array_equal(weigh(method, np.full((3, 2), np.nan)), np.float32(good))
    np.testing.assert_array_equal(method.targets, before)
    assert int(method.failures) == 1


def test_refuses_a_beta_out_of_range():
    with pytest.raises(ValueError, match=r"`beta` must be from 0 to 1. Received: beta=1.5"):
        GradVac(beta=1.5)
