import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import GradDrop
from mtl_keras.weighting.graddrop import mask

from .golden import GOLDEN
from .slopes import built

CASES = [case for case in GOLDEN["aggregations"] if case["method"] == "graddrop"]
JACOBIANS = {name: np.array(case["J"]) for name, case in GOLDEN["jacobians"].items()}


def direct(method, jacobian, **facts):
    return method(losses=np.ones(len(jacobian)), jacobian=jacobian, **facts).numpy()


def many(method, count, jacobian, **facts):
    """Directions of so many steps."""
    jacobian = tf.constant(jacobian, tf.float32)
    losses = tf.ones(len(jacobian))
    call = tf.function(lambda: method(losses, jacobian, **facts), autograph=False)
    return np.array([call() for _ in range(count)])


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case['jacobian']}-{case['options']['uniform_draw']}"
)
def test_golden(case):
    jacobian = JACOBIANS[case["jacobian"]]
    draws = tf.fill([jacobian.shape[1]], case["options"]["uniform_draw"])
    kept = mask(tf.constant(jacobian, tf.float32), draws).numpy()
    np.testing.assert_allclose((kept * jacobian).sum(axis=0), case["vector"], rtol=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31 - 1))
def test_keeps_one_sign(seed):
    jacobian = np.random.default_rng(seed).normal(size=(3, 8)).astype("float32")
    found = direct(built(GradDrop(seed=seed), 3), jacobian)
    either = [np.maximum(jacobian, 0).sum(axis=0), np.minimum(jacobian, 0).sum(axis=0)]
    assert np.isclose(found, either, rtol=1e-5).any(axis=0).all()


def test_on_average_it_is_the_sum():
    jacobian = np.random.default_rng(0).normal(size=(3, 6)).astype("float32")
    found = many(built(GradDrop(seed=0), 3), 800, jacobian)
    error = np.abs(found.mean(axis=0) - jacobian.sum(axis=0))
    assert (error <= 4 * found.std(axis=0) / np.sqrt(800) + 1e-4).all()


def test_a_gradient_without_a_rival_passes():
    jacobian = np.array([[2.0, -1.0, 0.0, -3.0], [1.0, -4.0, 0.0, 0.0]], "float32")
    for direction in many(built(GradDrop(seed=1), 2), 20, jacobian):
        np.testing.assert_allclose(direction, [3, -5, 0, -3])


def test_leak():
    jacobian = np.random.default_rng(1).normal(size=(3, 6)).astype("float32")
    whole = direct(built(GradDrop(leak=1.0), 3), jacobian)
    np.testing.assert_allclose(whole, jacobian.sum(axis=0), rtol=1e-5)
    none, some = (direct(built(GradDrop(leak=leak, seed=3), 3), jacobian) for leak in (0, 0.25))
    np.testing.assert_allclose(some, 0.25 * whole + 0.75 * none, rtol=1e-4, atol=1e-6)
    for wrong in (-0.1, 1.1):
        with pytest.raises(ValueError, match=r"`leak` must be in \[0, 1\]"):
            GradDrop(leak=wrong)


def test_at_the_features_it_is_the_paper_s():
    random = np.random.default_rng(2)
    features = random.normal(size=(5, 4)).astype("float32")
    features[0, 0] = 0
    rows = random.normal(size=(3, 5, 4)).astype("float32")
    signed = (np.sign(features) * rows).sum(axis=1)
    purity = 0.5 * (1 + signed.sum(axis=0) / np.abs(signed).sum(axis=0))
    found = many(
        built(GradDrop(seed=0), 3), 400, rows.reshape(3, -1), features=tf.constant(features)
    ).reshape(400, 5, 4)
    positive = ((signed > 0)[:, None] * rows).sum(axis=0)
    negative = ((signed < 0)[:, None] * rows).sum(axis=0)
    kept = np.isclose(found, positive, rtol=1e-4, atol=1e-5).all(axis=1)
    assert (kept | np.isclose(found, negative, rtol=1e-4, atol=1e-5).all(axis=1)).all()
    decided = (purity > 0) & (purity < 1)
    np.testing.assert_allclose(kept.mean(axis=0)[decided], purity[decided], atol=0.1)


def test_seeds():
    jacobian = np.random.default_rng(3).normal(size=(3, 40)).astype("float32")
    runs = [many(built(GradDrop(seed=seed), 3), 3, jacobian) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).any()
