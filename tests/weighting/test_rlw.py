import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mtl_keras.weighting import RLW

from .slopes import built, differentiate

DISTRIBUTIONS = ("normal", "dirichlet")


def draws(method, count):
    there = tf.ones(method.num_tasks, tf.bool)
    draw = tf.function(lambda: method.weights(present=there), autograph=False)
    return np.array([draw() for _ in range(count)])


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_draws_follow_the_distribution(distribution):
    found = draws(built(RLW(distribution, seed=0), 3), 1000)
    random = np.random.default_rng(0)
    if distribution == "normal":
        normal = random.normal(size=(20000, 3))
        wanted = np.exp(normal) / np.exp(normal).sum(axis=1, keepdims=True)
        assert stats.ks_2samp(found[:, 0], wanted[:, 0]).pvalue > 1e-3
    else:
        # Each weight of Dirichlet(1, 1, 1) follows Beta(1, 2).
        assert stats.kstest(found[:, 0], stats.beta(1, 2).cdf).pvalue > 1e-3
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(found.mean(axis=0), [1 / 3] * 3, atol=0.03)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31 - 1), st.sampled_from(DISTRIBUTIONS))
def test_weights_are_those_of_the_present_tasks(seed, distribution):
    whole, part = (built(RLW(distribution, seed=seed), 4) for _ in range(2))
    every = whole.weights(present=np.ones(4, bool)).numpy()
    some = part.weights(present=np.array([True, False, True, True])).numpy()
    assert some[1] == 0
    np.testing.assert_allclose(some, every * [1, 0, 1, 1] / (1 - every[1]), rtol=1e-5)


def test_new_weights_every_step_which_are_constants():
    method = built(RLW(seed=1), 2)
    first, second = (differentiate(method, [2.0, 3.0]) for _ in range(2))
    for value, weights, _ in (first, second):
        np.testing.assert_allclose(value, weights @ [2, 3], rtol=1e-6)
    assert np.abs(first[1] - second[1]).max() > 1e-3


def test_seeds():
    runs = [draws(built(RLW(seed=seed), 3), 4) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.abs(runs[0] - runs[2]).max() > 1e-3


def test_refuses_another_distribution():
    with pytest.raises(ValueError, match="dirichlet"):
        RLW("dirichlett")
