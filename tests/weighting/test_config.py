import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import ConFIG

from .directions import (
    assert_as_if_absent,
    assert_bad_input_keeps_the_last_weights,
    assert_reference,
    built,
    direct,
    near,
    rounding,
    weigh,
)
from .golden import aggregations
from .weighting_cases import jacobians, reference_config

SEEDS = st.integers(0, 2**31)


@pytest.mark.parametrize(
    ("name", "jacobian", "losses", "options", "wanted"),
    [pytest.param(*case, id=case[0]) for case in aggregations("config")],
)
def test_golden(name, jacobian, losses, options, wanted):
    assert near(jacobian, weigh(built(ConFIG, len(jacobian)), jacobian), wanted)


@pytest.mark.parametrize("tasks", [1, 2, 5, 20])
def test_is_the_reference(tasks):
    assert_reference(built(ConFIG, tasks), reference_config, tasks)


@settings(max_examples=15, deadline=None)
@given(kind=st.sampled_from(["random", "conflicting", "badly_scaled", "huge"]), seed=SEEDS)
def test_all_cosines_are_equal_and_positive(kind, seed):
    jacobian = jacobians(kind, 4, 9, seed).astype(np.float64)
    weights = weigh(built(ConFIG, 4), jacobian)
    step = weights @ jacobian
    along = jacobian @ step / np.linalg.norm(jacobian, axis=1)
    tiny = rounding(jacobian, weights)
    assert (along > 0).all()
    assert np.ptp(along) <= 2 * tiny
    length = np.linalg.norm(step)
    assert abs(length - jacobian.sum(0) @ step / length) <= 20 * tiny + 1e-5 * length


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, scale=st.floats(1e-3, 1e3))
def test_the_scale_of_a_loss_does_not_turn_it(seed, scale):
    jacobian = jacobians("conflicting", 3, 9, seed).astype(np.float64)
    step = direct(built(ConFIG, 3), jacobian)
    other = direct(built(ConFIG, 3), np.array([[1.0], [scale], [1.0]]) * jacobian)
    cosine = step @ other / np.linalg.norm(step) / np.linalg.norm(other)
    assert cosine > 1 - 1e-6


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_two_tasks_closed_form(seed):
    jacobian = jacobians("conflicting", 2, 8, seed).astype(np.float64)
    bisector = (jacobian / np.linalg.norm(jacobian, axis=1)[:, None]).sum(0)
    bisector /= np.linalg.norm(bisector)
    wanted = (jacobian.sum(0) @ bisector) * bisector
    assert near(jacobian, weigh(built(ConFIG, 2), jacobian), wanted)


def test_orthogonal_and_equal_rows():
    norms = np.array([1.0, 2.0, 6.0])
    np.testing.assert_allclose(direct(built(ConFIG, 3), np.diag(norms)), [3, 3, 3], rtol=1e-6)
    same = np.repeat([[1.0, -2.0, 3.0]], 4, axis=0)
    np.testing.assert_allclose(direct(built(ConFIG, 4), same), 4 * same[0], rtol=1e-6)


def test_opposed_gradients_leave_no_direction():
    method = built(ConFIG, 2)
    np.testing.assert_array_equal(weigh(method, [[1.0, 2.0], [-2.0, -4.0]]), 0)
    assert int(method.failures) == 1


def test_absent_tasks_and_bad_input():
    assert_as_if_absent(ConFIG)
    assert_bad_input_keeps_the_last_weights(ConFIG)
