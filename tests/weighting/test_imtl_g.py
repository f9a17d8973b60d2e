import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import IMTLG

from .directions import (
    assert_as_if_absent,
    assert_bad_input_keeps_the_last_weights,
    assert_reference,
    built,
    direct,
    near,
    weigh,
)
from .golden import aggregations
from .weighting_cases import jacobians, reference_config, reference_imtlg

SEEDS = st.integers(0, 2**31)


@pytest.mark.parametrize(
    ("name", "jacobian", "losses", "options", "wanted"),
    [pytest.param(*case, id=case[0]) for case in aggregations("imtl_g")],
)
def test_golden(name, jacobian, losses, options, wanted):
    assert near(jacobian, weigh(built(IMTLG, len(jacobian)), jacobian), wanted)


def reference(jacobian):
    wanted, info = reference_imtlg(jacobian)
    if "note" in reference_config(jacobian)[1]:  # no direction has equal projections
        wanted = 0 * wanted
    return wanted, info


@pytest.mark.parametrize("tasks", [1, 2, 5, 20])
def test_is_the_reference(tasks):
    assert_reference(built(IMTLG, tasks), reference, tasks)


@settings(max_examples=15, deadline=None)
@given(kind=st.sampled_from(["random", "conflicting", "badly_scaled"]), seed=SEEDS)
def test_projections_are_equal_and_the_weights_sum_to_1(kind, seed):
    jacobian = jacobians(kind, 4, 9, seed).astype(np.float64)
    weights = weigh(built(IMTLG, 4), jacobian)
    norms = np.linalg.norm(jacobian, axis=1)
    along = jacobian @ (weights @ jacobian) / norms
    rounding = 1e-6 * np.abs(weights) @ norms
    assert np.ptp(along) <= rounding
    assert abs(weights.sum() - 1) <= 1e-6 * np.abs(weights).sum()


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, scale=st.sampled_from([1e-15, 1e-3, 1e15]))
def test_two_tasks_closed_form_at_any_scale(seed, scale):
    jacobian = scale * jacobians("conflicting", 2, 8, seed).astype(np.float64)
    norms = np.linalg.norm(jacobian, axis=1)
    found = weigh(built(IMTLG, 2), jacobian)
    np.testing.assert_allclose(found, norms[::-1] / norms.sum(), rtol=1e-6)


def test_orthogonal_and_equal_rows():
    norms = np.array([1.0, 2.0, 5.0])
    found = direct(built(IMTLG, 3), np.diag(norms))
    np.testing.assert_allclose(found, np.ones(3) / (1 / norms).sum(), rtol=1e-6)
    same = np.repeat([[1.0, -2.0, 3.0]], 4, axis=0)
    np.testing.assert_allclose(direct(built(IMTLG, 4), same), same[0], rtol=1e-6)


def test_a_negative_sum_goes_uphill_for_every_task():
    jacobian = np.array([[1, 0, 0], [0, 1, 0], [0.08, 0.08, 0.01]])
    along = jacobian @ direct(built(IMTLG, 3), jacobian)
    np.testing.assert_allclose(along, [-2.6e-3, -2.6e-3, -2.9e-4], rtol=0.05)


@pytest.mark.parametrize("length", [1.0, 2.0, 1e6])
def test_opposed_gradients_have_no_such_weights(length):
    method = built(IMTLG, 2)
    np.testing.assert_array_equal(weigh(method, [[1.0, 2.0], [-length, -2 * length]]), 0)
    assert int(method.failures) == 1
    np.testing.assert_array_equal(weigh(method, np.zeros((2, 3))), 0)
    assert int(method.failures) == 1


def test_absent_tasks_and_bad_input():
    assert_as_if_absent(IMTLG)
    assert_bad_input_keeps_the_last_weights(IMTLG)
