import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from mtl_keras.weighting import IGBv1

from .golden import loss_cases
from .slopes import built, differentiate

POSITIVE = st.floats(2.0**-30, 2.0**30, width=32)


def after(epochs, present=None, **options):
    """The method after epochs with the given mean losses."""
    method = built(IGBv1(**options), len(epochs[0]))
    for losses, there in zip(epochs, present or [[True] * len(epochs[0])] * len(epochs)):
        method.on_epoch_end(np.array(losses, "float32"), np.array(there))
    return method


@pytest.mark.parametrize("case", loss_cases("igbv1"), ids=lambda case: len(case["losses"]))
def test_golden(case):
    method = after([case["options"]["base_losses"]], base_epoch=0)
    value, weights, _ = differentiate(method, case["losses"])
    np.testing.assert_allclose(value, case["value"], rtol=1e-5)
    np.testing.assert_allclose(weights, case["weights"], rtol=1e-5)


def test_base_is_the_second_epoch():
    epochs = [[9.0, 9.0], [2.0, 4.0], [1.0, 1.0]]
    losses = np.array([1.0, 3.0])
    for seen in (1, 2, 3):
        value, weights, _ = differentiate(after(epochs[:seen]), losses)
        shares = 2 * softmax(losses / epochs[1]) if seen > 1 else np.ones(2)
        np.testing.assert_allclose(value, shares @ np.log(losses), rtol=1e-5)
        np.testing.assert_allclose(weights, shares / losses, rtol=1e-5)


def test_a_task_that_comes_late_takes_its_first_epoch():
    epochs = [[9.0, 0.0], [2.0, 0.0], [1.0, 5.0], [1.0, 1.0]]
    there = [[True, False], [True, False], [True, True], [True, True]]
    losses = np.array([1.0, 3.0])
    _, weights, _ = differentiate(after(epochs[:2], there[:2]), losses)
    np.testing.assert_allclose(weights, 2 * softmax([1 / 2, 1]) / losses, rtol=1e-5)
    _, weights, _ = differentiate(after(epochs, there), losses)
    np.testing.assert_allclose(weights, 2 * softmax([1 / 2, 3 / 5]) / losses, rtol=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(POSITIVE, POSITIVE), min_size=1, max_size=5))
def test_weights_on_the_log_losses_sum_to_the_number_of_tasks(pairs):
    losses, base = np.array(pairs).T
    _, weights, _ = differentiate(after([base], base_epoch=0), losses)
    np.testing.assert_allclose(weights @ losses, len(losses), rtol=1e-4)


def test_absent_tasks():
    method = after([[2.0, 3.0, 4.0]], base_epoch=0)
    _, weights, _ = differentiate(method, [1.0, np.nan, 3.0], [True, False, True])
    wanted = 2 * softmax([1 / 2, 3 / 4]) / [1, 3]
    np.testing.assert_allclose(weights, [wanted[0], 0, wanted[1]], rtol=1e-5)


def test_refuses_an_epoch_before_the_first():
    with pytest.raises(ValueError, match="`base_epoch` must be >= 0"):
        IGBv1(base_epoch=-1)
