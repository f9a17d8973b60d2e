import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import NashMTL

from .directions import (
    assert_as_if_absent,
    assert_bad_input_keeps_the_last_weights,
    assert_reference,
    built,
    compiled,
    direct,
    near,
    weigh,
)
from .golden import aggregations
from .weighting_cases import jacobians, reference_fair

SEEDS = st.integers(0, 2**31)


@pytest.mark.parametrize(
    ("name", "jacobian", "losses", "options", "wanted"),
    [pytest.param(*case, id=f"{case[0]}-{case[3]}") for case in aggregations("nash_mtl")],
)
def test_golden(name, jacobian, losses, options, wanted):
    assert near(jacobian, weigh(compiled(NashMTL, len(jacobian), **options), jacobian), wanted)


@pytest.mark.parametrize("tasks", [1, 2, 5])
def test_is_the_reference(tasks):
    assert_reference(compiled(NashMTL, tasks, max_norm=0), reference_fair, tasks)


@settings(max_examples=15, deadline=None)
@given(
    kind=st.sampled_from(["random", "conflicting", "badly_scaled", "huge", "tiny"]),
    seed=SEEDS,
    scale=st.floats(1e-3, 1e3),
)
def test_does_not_see_the_scale_of_a_loss(kind, seed, scale):
    jacobian = jacobians(kind, 3, 9, seed).astype(np.float64)
    step = direct(compiled(NashMTL, 3, max_norm=0), jacobian)
    np.testing.assert_allclose(np.linalg.norm(step), np.sqrt(3), rtol=1e-4)
    scaled = np.array([[1.0], [scale], [1.0]]) * jacobian
    assert near(scaled, weigh(compiled(NashMTL, 3, max_norm=0), scaled), step)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_two_tasks_closed_form(seed):
    jacobian = jacobians("conflicting", 2, 8, seed).astype(np.float64)
    first, second = jacobian / np.linalg.norm(jacobian, axis=1)[:, None]
    wanted = (first + second) / np.sqrt(1 + first @ second)
    assert near(jacobian, weigh(compiled(NashMTL, 2, max_norm=0), jacobian), wanted)


@pytest.mark.parametrize(("max_norm", "length"), [(0, 2.0), (1.0, 1.0), (1.5, 1.5), (9.0, 2.0)])
def test_length(max_norm, length):
    jacobian = jacobians("conflicting", 4, 9, 3)
    found = np.linalg.norm(direct(compiled(NashMTL, 4, max_norm=max_norm), jacobian))
    np.testing.assert_allclose(found, length, rtol=1e-5)


def test_a_stationary_task_takes_no_part_in_the_length():
    jacobian = jacobians("conflicting", 4, 9, 3)
    jacobian[1] = 0
    assert abs(np.linalg.norm(direct(compiled(NashMTL, 4), jacobian)) - 1) < 1e-5


def test_without_a_solution_the_last_weights_stay():
    method = built(NashMTL, 2)
    good = weigh(method, [[1.0, 0.0], [0.0, 2.0]])
    np.testing.assert_array_equal(weigh(method, [[1.0, 2.0], [-3.0, -6.0]]), good)
    assert int(method.failures) == 1


def test_absent_tasks_and_bad_input():
    assert_as_if_absent(NashMTL)
    assert_bad_input_keeps_the_last_weights(NashMTL)


def test_refuses_a_negative_norm():
    with pytest.raises(ValueError, match=r"`max_norm` must be >= 0.*max_norm=-1"):
        NashMTL(max_norm=-1)
