import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import MGDA, SDMGrad

from .golden import stateful_cases
from .slopes import built
from .test_modo import project, weigh

SEEDS = st.integers(0, 2**31)


@pytest.mark.parametrize(
    "case",
    stateful_cases("sdmgrad"),
    ids=lambda case: f"{case['jacobian']}-{case['options']['lr']}",
)
def test_golden(case):
    options = case["options"]
    first, second, whole = map(np.array, options["jacobians_xi1_xi2_zeta"])
    method = SDMGrad(options["lambda"], options["n_iter"], options["lr"], options["momentum"])
    weights = weigh(built(method, len(first)), first, second)
    np.testing.assert_allclose(weights, case["weights"], rtol=0, atol=1e-6)
    wanted = np.array(case["vector"])
    np.testing.assert_allclose(whole.T @ weights, wanted, rtol=0, atol=1e-6 * abs(wanted).max())


def test_follows_the_rule_over_steps():
    random = np.random.default_rng(0)
    method, w = built(SDMGrad(lamda=0.5, n_iter=5, learning_rate=2.0, momentum=0.3), 4), 0.25
    for _ in range(4):
        first, second = random.normal(size=(2, 4, 6))
        cross, velocity = first @ second.T, 0
        cross = cross / np.mean(np.sqrt(np.maximum(np.diag(cross), 0))) ** 2
        for _ in range(5):
            velocity = 0.3 * velocity + cross @ (w + np.full(4, 0.5 / 4))
            w = project(w - 2.0 * velocity)
        np.testing.assert_allclose(
            weigh(method, first, second), (w + 0.5 / 4) / 1.5, rtol=0, atol=1e-6
        )


@settings(max_examples=5, deadline=None)
@given(SEEDS)
def test_without_pull_it_ends_at_mgda(seed):
    jacobian = np.random.default_rng(seed).normal(size=(3, 6))
    method = built(SDMGrad(lamda=0.0, n_iter=400, learning_rate=0.3), 3)
    call = tf.function(method, autograph=False)
    shortest = built(MGDA(), 3)(losses=np.ones(3), gramian=jacobian @ jacobian.T).numpy()
    found = weigh(call, jacobian, jacobian)
    length = np.linalg.norm(jacobian.T @ shortest)
    assert np.linalg.norm(jacobian.T @ found) <= length * (1 + 1e-3) + 1e-3


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.sampled_from([2.0**-20, 2.0**20]))
def test_weights_sum_to_one_at_any_scale(seed, scale):
    first, second = np.random.default_rng(seed).normal(size=(2, 3, 5))
    weights = weigh(built(SDMGrad(n_iter=3), 3), scale * first, scale * second)
    # Every task gets at least its part of the pull.
    assert (weights >= 0.3 / 3 / 1.3 - 1e-6).all()
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-5)
    # A power of 2 changes no digit, so not even a step of 10 can enlarge a rounding.
    one = weigh(built(SDMGrad(n_iter=3), 3), first, second)
    np.testing.assert_array_equal(weights, one)


def test_a_strong_pull_is_the_mean():
    jacobian = np.random.default_rng(3).normal(size=(3, 5))
    weights = weigh(built(SDMGrad(lamda=1e6), 3), jacobian, jacobian)
    np.testing.assert_allclose(weights, [1 / 3] * 3, rtol=1e-5)


def test_halves_that_contradict_each_other():
    jacobian = np.eye(2)
    weights = weigh(built(SDMGrad(), 2), jacobian, -jacobian)
    assert np.isfinite(weights).all()
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-6)


def test_refuses_a_negative_pull():
    with pytest.raises(ValueError, match="`lamda` must be >= 0"):
        SDMGrad(lamda=-0.1)
