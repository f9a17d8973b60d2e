import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import AlignedMTL

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
from .weighting_cases import jacobians, reference_aligned

SEEDS = st.integers(0, 2**31)
# Of D's eigenvalues the least is 2.5e-14 of the largest: below our cut, above the peers'.
CASES = [case for case in aggregations("aligned_mtl") if case[0] != "D"]


@pytest.mark.parametrize(
    ("name", "jacobian", "losses", "options", "wanted"),
    [pytest.param(*case, id=f"{case[0]}-{case[3]}") for case in CASES],
)
def test_golden(name, jacobian, losses, options, wanted):
    assert near(jacobian, weigh(built(AlignedMTL, len(jacobian), **options), jacobian), wanted)


@pytest.mark.parametrize("tasks", [1, 2, 5, 20])
def test_is_the_reference(tasks):
    def reference(jacobian):
        wanted, info = reference_aligned(jacobian)
        return tasks * wanted, info

    # Of two opposed rows the answer is 0, and rounding is all that is left.
    assert_reference(built(AlignedMTL, tasks), reference, tasks, floor=1e-12)


@pytest.mark.parametrize("mode", ["min", "median", "rmse"])
def test_eigenvalues_below_the_cut_do_not_count(mode):
    jacobian = aggregations("aligned_mtl")[-1][1]
    values, vectors = np.linalg.eigh(jacobian @ jacobian.T)
    values, vectors = values[1:], vectors[:, 1:]
    s = {"min": values[0], "median": values[1], "rmse": values.mean()}[mode]
    wanted = jacobian.T @ (vectors @ (np.sqrt(s / values) * vectors.sum(0)))
    found = weigh(built(AlignedMTL, 4, scale_mode=mode), jacobian)
    assert near(jacobian, found, wanted)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_length_and_alignment(seed):
    jacobian = jacobians("conflicting", 4, 9, seed).astype(np.float64)
    weights = weigh(built(AlignedMTL, 4), jacobian)
    step, least = weights @ jacobian, np.linalg.svd(jacobian, compute_uv=False)[-1]
    # B G B = λ_min I for the B with w = B 1: the aligned gradients are orthogonal and equally long.
    assert abs(np.linalg.norm(step) - 2 * least) <= rounding(jacobian, weights)


def test_orthogonal_and_equal_rows():
    norms = np.array([1.0, 2.0, 6.0])
    np.testing.assert_allclose(direct(built(AlignedMTL, 3), np.diag(norms)), [1, 1, 1])
    same = np.repeat([[1.0, -2.0, 3.0]], 4, axis=0)
    np.testing.assert_allclose(direct(built(AlignedMTL, 4), same), 4 * same[0], rtol=1e-6)


def test_single_tasks_may_get_worse():
    jacobian = np.array([[1.0, 0.0], [-3.0, 0.5]])
    along = jacobian @ direct(built(AlignedMTL, 2), jacobian)
    np.testing.assert_allclose(along, [-0.070, 0.315], atol=1e-3)


def test_nothing_of_nothing():
    np.testing.assert_array_equal(weigh(built(AlignedMTL, 3), np.zeros((3, 2))), 0)


def test_absent_tasks_and_bad_input():
    for mode in ("min", "median", "rmse"):
        assert_as_if_absent(AlignedMTL, scale_mode=mode)
    assert_bad_input_keeps_the_last_weights(AlignedMTL)


def test_refuses_an_unknown_mode():
    with pytest.raises(ValueError, match=r"Unknown scale mode 'mni'. Did you mean 'min'"):
        AlignedMTL(scale_mode="mni")
