import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import IMTLL, Uncertainty

from .golden import loss_cases
from .slopes import built, differentiate


@pytest.mark.parametrize("case", loss_cases("imtll"), ids=lambda case: len(case["losses"]))
def test_golden(case):
    method = built(IMTLL(), len(case["losses"]))
    method.log_scales.assign(case["options"]["log_scales"])
    value, weights, (slopes,) = differentiate(method, case["losses"])
    np.testing.assert_allclose(value, case["value"], rtol=1e-6)
    np.testing.assert_allclose(weights, case["weights"], rtol=1e-6)
    np.testing.assert_allclose(slopes, case["grad_log_scale"], rtol=1e-5)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(2.0**-10, 2.0**10, width=32), st.floats(-3, 3)), min_size=1, max_size=5
    )
)
def test_is_twice_the_uncertainty_of_the_opposite_logarithm(pairs):
    losses, s = np.array(pairs).T
    impartial, uncertain = built(IMTLL(), len(s)), built(Uncertainty(), len(s))
    impartial.log_scales.assign(s)
    uncertain.log_variances.assign(-s)
    value, weights, (slopes,) = differentiate(impartial, losses)
    other, halves, (others,) = differentiate(uncertain, losses)
    np.testing.assert_allclose(value, 2 * other, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(weights, 2 * halves, rtol=1e-5)
    np.testing.assert_allclose(slopes, -2 * others, rtol=1e-4, atol=1e-4)


def test_descent_on_the_scales_makes_all_scaled_losses_one():
    method, losses = built(IMTLL(), 2), np.array([0.5, 4.0])
    for _ in range(80):
        _, weights, (slopes,) = differentiate(method, losses)
        method.log_scales.assign_sub(0.4 * slopes)
    np.testing.assert_allclose(weights * losses, [1, 1], rtol=1e-4)


def test_absent_tasks_leave_value_and_gradients_alone():
    method = built(IMTLL(), 3)
    method.log_scales.assign([0.5, 9.0, -0.5])
    value, weights, (slopes,) = differentiate(method, [2.0, np.nan, 3.0], [True, False, True])
    np.testing.assert_allclose(value, np.exp(0.5) * 2 + np.exp(-0.5) * 3, rtol=1e-6)
    assert weights[1] == slopes[1] == 0
