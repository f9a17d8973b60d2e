import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gmean

from mtl_keras.weighting import GLS

from .golden import loss_cases
from .slopes import built, differentiate


@pytest.mark.parametrize("case", loss_cases("gls"), ids=lambda case: len(case["losses"]))
def test_golden(case):
    value, weights, _ = differentiate(built(GLS(), len(case["losses"])), case["losses"])
    np.testing.assert_allclose(value, case["value"], rtol=1e-6)
    np.testing.assert_allclose(weights, case["weights"], rtol=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(2.0**-50, 2.0**50, width=32), min_size=1, max_size=8))
def test_is_the_geometric_mean(losses):
    value, weights, _ = differentiate(built(GLS(), len(losses)), losses)
    np.testing.assert_allclose(value, gmean(losses), rtol=1e-5)
    np.testing.assert_allclose(weights, value / (len(losses) * np.array(losses)), rtol=1e-5)
    assert weights.sum() >= 1 - 1e-5


def test_the_product_may_be_too_small_for_float32():
    value, weights, _ = differentiate(built(GLS(), 8), [1e-6] * 8)
    np.testing.assert_allclose(value, 1e-6, rtol=1e-5)
    np.testing.assert_allclose(weights, [1 / 8] * 8, rtol=1e-5)


def test_a_loss_of_zero_weighs_nothing():
    value, weights, _ = differentiate(built(GLS(), 2), [0.0, 2.0])
    assert value < 1e-14
    assert weights[0] == 0
    assert weights[1] < 1e-14


def test_absent_tasks():
    method = built(GLS(), 3)
    value, weights, _ = differentiate(method, [2.0, np.nan, 8.0], [True, False, True])
    np.testing.assert_allclose(value, 4, rtol=1e-6)
    np.testing.assert_allclose(weights, [1, 0, 0.25], rtol=1e-6)
    value, weights, _ = differentiate(method, [2.0, 3.0, 8.0], [False] * 3)
    assert value == 0
    np.testing.assert_array_equal(weights, [0, 0, 0])
