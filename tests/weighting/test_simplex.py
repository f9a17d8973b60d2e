import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from mtl_keras.weighting import simplex

POINTS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6)
SCALES = st.sampled_from([1e-15, 1.0, 1e15])


def everyone(point):
    return tf.ones(len(point), tf.bool)


def project(point, present=None):
    present = everyone(point) if present is None else present
    return simplex.project(tf.constant(point, tf.float64), tf.constant(present)).numpy()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-50, 50), min_size=1, max_size=6))
def test_projection_by_a_root_finder(point):
    point = np.array(point)
    excess = lambda theta: np.maximum(point - theta, 0).sum() - 1  # noqa: E731
    # Below min - 1 by more than rounding, so that the signs differ.
    theta = brentq(excess, point.min() - 2, point.max(), xtol=1e-13)
    np.testing.assert_allclose(project(point), np.maximum(point - theta, 0), atol=1e-11)


@settings(max_examples=30, deadline=None)
@given(POINTS, SCALES)
def test_projection_is_the_nearest_point(point, scale):
    point = scale * np.array(point)
    found = project(point)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(), 1, rtol=1e-12)
    # No corner lies on the other side: (x - p)·(corner - p) <= 0.
    slopes = point - found
    assert slopes.max() - slopes @ found <= 1e-9 * max(np.abs(point).max(), 1)


def test_projection_leaves_a_point_of_the_simplex():
    np.testing.assert_allclose(project([0.2, 0.5, 0.3]), [0.2, 0.5, 0.3], atol=1e-15)


def test_projection_over_the_present():
    found = project([5.0, 0.3, np.nan, 0.5], [False, True, False, True])
    np.testing.assert_allclose(found, [0, 0.4, 0, 0.6], atol=1e-12)
    np.testing.assert_array_equal(project([1.0, 2.0], [False, False]), [0, 0])


def test_softmax_over_the_present():
    scores = tf.constant([1.0, 2.0, 3.0])
    found = simplex.softmax(scores, tf.constant([True, False, True]))
    shares = np.exp([1.0, 3.0]) / np.exp([1.0, 3.0]).sum()
    np.testing.assert_allclose(found, [shares[0], 0, shares[1]], rtol=1e-6)
    np.testing.assert_array_equal(simplex.softmax(scores, tf.zeros(3, tf.bool)), [0, 0, 0])


def test_absent_tasks_keep_weight_and_share():
    state = tf.Variable([0.5, 0.3, 0.2])
    present = tf.constant([True, False, True])
    weights, total = simplex.shares(state, present)
    np.testing.assert_allclose(weights, [5 / 7, 0, 2 / 7], rtol=1e-6)
    simplex.keep(state, tf.constant([0.25, 0, 0.75], tf.float64), total, present)
    np.testing.assert_allclose(state, [0.175, 0.3, 0.525], rtol=1e-6)


def test_shares_of_nothing_are_even():
    present = tf.constant([True, True, False])
    weights, total = simplex.shares(tf.Variable([0.0, 0.0, 1.0]), present)
    np.testing.assert_array_equal(weights, [0.5, 0.5, 0])
    assert float(total) == 0
    weights, _ = simplex.shares(tf.Variable([0.5, 0.5]), tf.zeros(2, tf.bool))
    np.testing.assert_array_equal(weights, [0, 0])


def test_weights_that_are_not_finite_are_not_kept():
    state = tf.Variable([0.5, 0.5])
    new = tf.constant([np.nan, 1.0], tf.float64)
    simplex.keep(state, new, tf.constant(1.0, tf.float64), tf.constant([True, True]))
    np.testing.assert_array_equal(state, [0.5, 0.5])
