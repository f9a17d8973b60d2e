import functools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting.solvers import (
    balance,
    eigh,
    highest_level,
    least_norm,
    nnqp,
    unit_gramian,
)

from .weighting_cases import KINDS, jacobians, reference_dualproj, reference_upgrad


@functools.cache
def dual_cone(jit=False):
    """A function (G, u) -> w: each row of u, as weights of J, projected on {d : J d >= 0}."""

    def project(gramian, u):
        cosines, norms, inverse, _ = unit_gramian(gramian)
        return u + inverse * nnqp(cosines, -(u * norms) @ cosines)

    return tf.function(project, jit_compile=jit)


@functools.cache
def compiled(kernel):
    return tf.function(
        lambda matrix, *vectors: kernel(matrix, *vectors), autograph=False, reduce_retracing=True
    )


def error(jacobian, weights, wanted):
    """Relative error of a direction; where the answer is 0, relative to the longest gradient."""
    size, longest = np.linalg.norm(wanted), np.linalg.norm(jacobian, axis=1).max()
    distance = np.linalg.norm(jacobian.T.astype(float) @ weights - wanted)
    return distance / (size if size > 1e-9 * longest else longest or 1.0)


def gramian(jacobian):
    jacobian = jacobian.astype(np.float64)
    return jacobian @ jacobian.T


@pytest.mark.parametrize("tasks", [1, 2, 3, 5, 20, 40])
def test_nnqp_projects_the_mean_as_the_reference(tasks):
    for kind in KINDS:
        for seed in range(3):
            jacobian = jacobians(kind, tasks, 60, seed)
            wanted, info = reference_dualproj(jacobian)
            assert info["kkt"] < 1e-9
            mean = np.full((1, tasks), 1 / tasks)
            found = dual_cone()(gramian(jacobian), mean)[0].numpy()
            limit = 1e-3 if kind == "near_stationary" else 1e-5
            assert error(jacobian, found, wanted) <= limit, (kind, seed)


@pytest.mark.parametrize("tasks", [2, 5, 20])
def test_nnqp_takes_one_right_hand_side_for_each_task(tasks):
    for kind in KINDS:
        jacobian = jacobians(kind, tasks, 60, 7)
        wanted, info = reference_upgrad(jacobian)
        assert info["kkt"] < 1e-9
        found = dual_cone()(gramian(jacobian), np.eye(tasks)).numpy().mean(0)
        assert error(jacobian, found, wanted) <= 1e-5, kind


@pytest.mark.parametrize("kind", KINDS)
def test_nnqp_under_xla(kind):
    jacobian = jacobians(kind, 5, 60, 1)
    wanted, _ = reference_dualproj(jacobian)
    found = dual_cone(jit=True)(gramian(jacobian), np.full((1, 5), 0.2))[0].numpy()
    assert error(jacobian, found, wanted) <= 1e-5


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 2**31),
    scale=st.sampled_from([1e-30, 1e-3, 1.0, 1e30]),
)
def test_nnqp_meets_the_optimality_conditions(kind, seed, scale):
    matrix = unit_gramian(gramian(jacobians(kind, 6, 9, seed)))[0].numpy()
    # Independent rows or a right-hand side in the range: else there is no minimum.
    rhs = np.random.default_rng(seed).normal(size=(3, 6)) @ matrix
    z = compiled(nnqp)(matrix, scale * rhs).numpy() / scale
    slope = z @ matrix - rhs
    size = np.abs(rhs).max(axis=1)
    assert (z >= 0).all()
    assert (slope.min(axis=1) >= -1e-6 * size).all()
    assert (np.abs(slope * z).sum(axis=1) <= 1e-6 * size * (1 + z.sum(axis=1))).all()


def test_nnqp_of_nothing_is_nothing():
    np.testing.assert_array_equal(
        nnqp(tf.eye(3, dtype=tf.float64), tf.zeros([2, 3], tf.float64)), 0
    )


def test_nnqp_of_the_identity_clips():
    rhs = np.random.default_rng(0).normal(size=(7, 5))
    found = nnqp(tf.eye(5, dtype=tf.float64), tf.constant(rhs))
    np.testing.assert_allclose(found, np.maximum(rhs, 0), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_unit_gramian(kind):
    jacobian = jacobians(kind, 5, 30).astype(np.float64)
    cosines, norms, inverse, live = (part.numpy() for part in unit_gramian(gramian(jacobian)))
    wanted = np.linalg.norm(jacobian, axis=1)
    np.testing.assert_array_equal(live, wanted > 0)
    np.testing.assert_allclose(norms, wanted, rtol=1e-12)
    np.testing.assert_allclose(inverse[live], 1 / wanted[live], rtol=1e-12)
    unit = jacobian[live] / wanted[live, None]
    np.testing.assert_allclose(cosines[np.ix_(live, live)], unit @ unit.T, atol=1e-12)
    np.testing.assert_array_equal(np.diag(cosines), 1)
    np.testing.assert_array_equal((cosines - np.eye(5))[~live], 0)
    np.testing.assert_array_equal(inverse[~live], 0)


def graded(seed, tasks=6):
    """A symmetric positive definite matrix with eigenvalues from 1e-9 to 1."""
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(tasks, tasks)))[0]
    return turn * np.logspace(-9, 0, tasks) @ turn.T


@pytest.mark.parametrize("jit", [False, True])
def test_eigh_has_all_digits(jit):
    solve = tf.function(eigh, jit_compile=jit, autograph=False)
    for seed in range(5):
        matrix = graded(seed)
        values, vectors = (part.numpy() for part in solve(tf.constant(matrix)))
        np.testing.assert_allclose(values, np.linalg.eigvalsh(matrix), rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(vectors.T @ vectors, np.eye(6), atol=1e-13)
        np.testing.assert_allclose(vectors * values @ vectors.T, matrix, atol=1e-13)


def test_eigh_of_what_is_not_finite_says_so():
    values, vectors = eigh(tf.constant([[1.0, np.nan], [np.nan, 1.0]], tf.float64))
    assert np.isnan(values).all()
    assert np.isfinite(vectors).all()


@pytest.mark.parametrize("kind", KINDS)
def test_least_norm_is_the_pseudoinverse(kind):
    cosines = unit_gramian(gramian(jacobians(kind, 5, 30, 1)))[0].numpy()
    rhs = np.random.default_rng(0).normal(size=5)
    wanted = np.linalg.pinv(cosines, rcond=1e-10, hermitian=True) @ rhs
    found = least_norm(tf.constant(cosines), tf.constant(rhs)).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-6 * np.abs(wanted).max())


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31), power=st.sampled_from([0.2, 1.0, 2.0]))
def test_balance_solves_its_equations(seed, power):
    cosines = unit_gramian(gramian(jacobians("conflicting", 4, 9, seed)))[0].numpy()
    log_c = np.random.default_rng(seed).uniform(-20, 20, 4)
    x = np.exp(compiled(balance)(cosines, log_c, power, tf.ones(4, tf.bool)))
    short = np.abs(cosines @ x - np.exp(log_c) * x**-power)
    assert (short <= 1e-9 * (np.abs(cosines) @ x)).all()


def test_balance_does_without_what_is_not_live():
    cosines = tf.constant([[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]], tf.float64)
    live = tf.constant([True, True, False])
    found = balance(cosines, tf.zeros(3, tf.float64), 1.0, live).numpy()
    np.testing.assert_allclose(np.exp(found[:2]) ** 2, 1 / 1.5, rtol=1e-12)
    opposed = tf.constant([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 1.0]], tf.float64)
    assert np.isnan(balance(opposed, tf.zeros(3, tf.float64), 1.0, live)).all()


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31), radius=st.sampled_from([0.0, 0.3, 2.0]))
def test_highest_level_is_the_best_of_the_ball(seed, radius):
    random = np.random.default_rng(seed)
    rows = random.normal(size=(4, 6))
    rows /= np.linalg.norm(rows, axis=1)[:, None]
    offset, slope = random.normal(size=4), random.uniform(0.2, 1.0, 4)
    slope[0] = 1.0
    x = compiled(highest_level)(rows @ rows.T, offset, slope, radius).numpy()
    step = x @ rows
    assert (x >= 0).all()
    assert np.linalg.norm(step) <= radius * (1 + 1e-9)
    levels = (rows @ step + offset) / slope
    # Weak duality: no step can do better than the bound that the multipliers x give.
    weights = x / (slope @ x) if x.any() else np.eye(4)[np.argmin(offset / slope)] / slope
    bound = weights @ offset + radius * np.linalg.norm(weights @ rows)
    assert abs(levels.min() - bound) <= 1e-7 * (1 + abs(bound))


def test_highest_level_stops_where_nothing_helps_every_row():
    matrix = tf.constant([[1.0, -1.0], [-1.0, 1.0]], tf.float64)
    offset, slope = tf.constant([[0.0, 0.5], [1.0, 1.0]], tf.float64)
    x = highest_level(matrix, offset, slope, 10.0)
    # Opposed rows meet half way, at a level of 0.25, whatever the radius.
    np.testing.assert_allclose(tf.linalg.matvec(matrix, x), [0.25, -0.25], atol=1e-7)
