import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import GLS, ScaleInvariant

from .golden import loss_cases
from .slopes import built, differentiate

LOSSES = st.lists(st.floats(2.0**-50, 2.0**50, width=32), min_size=1, max_size=6)


@pytest.mark.parametrize(
    "case", loss_cases("scale_invariant"), ids=lambda case: len(case["losses"])
)
def test_golden(case):
    value, weights, _ = differentiate(built(ScaleInvariant(), len(case["losses"])), case["losses"])
    np.testing.assert_allclose(value, case["value"], rtol=1e-6)
    np.testing.assert_allclose(weights, case["weights"], rtol=1e-6)


@settings(max_examples=20, deadline=None)
@given(LOSSES, st.floats(2.0**-20, 2.0**20, width=32))
def test_a_factor_on_a_loss_does_not_change_its_gradient(losses, factor):
    _, weights, _ = differentiate(built(ScaleInvariant(), len(losses)), losses)
    scaled = [losses[0] * factor, *losses[1:]]
    _, other, _ = differentiate(built(ScaleInvariant(), len(losses)), scaled)
    # The gradient of factor L is factor times that of L.
    np.testing.assert_allclose(other[0] * factor, weights[0], rtol=1e-5)
    np.testing.assert_array_equal(other[1:], weights[1:])


@settings(max_examples=20, deadline=None)
@given(LOSSES)
def test_gls_has_the_same_weights_up_to_a_factor(losses):
    _, weights, _ = differentiate(built(ScaleInvariant(), len(losses)), losses)
    value, others, _ = differentiate(built(GLS(), len(losses)), losses)
    np.testing.assert_allclose(others, value / len(losses) * weights, rtol=1e-5)


def test_absent_tasks_and_losses_of_zero_weigh_nothing():
    method = built(ScaleInvariant(), 3)
    value, weights, _ = differentiate(method, [0.0, np.nan, 2.0], [True, False, True])
    assert np.isfinite(value)
    np.testing.assert_array_equal(weights, [0, 0, 0.5])
