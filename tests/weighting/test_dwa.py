import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import DWA

from .golden import loss_cases


def weights_after(epochs, present=None, now=None, **options):
    """The weights after epochs with the given mean losses; `present`: a list for each epoch."""
    method = DWA(**options)
    count = len(epochs[0])
    method.build([f"task{index}" for index in range(count)])
    for losses, there in zip(epochs, present or [[True] * count] * len(epochs)):
        method.on_epoch_end(np.array(losses, "float32"), np.array(there))
    return method.weights(present=np.array(now or [True] * count)).numpy()


def by_hand(rates, temperature=2.0):
    exponentials = np.exp(np.array(rates) / temperature)
    return len(rates) * exponentials / exponentials.sum()


@pytest.mark.parametrize("case", loss_cases("dwa"), ids=lambda case: len(case["losses"]))
def test_golden(case):
    options = case["options"]
    epochs = [options["epoch_mean_t_minus_2"], options["epoch_mean_t_minus_1"]]
    found = weights_after(epochs, temperature=options["temperature"])
    np.testing.assert_allclose(found, case["weights"], rtol=1e-6)


def test_first_two_epochs_are_equal():
    method = DWA()
    method.build(["a", "b"])
    assert float(method(losses=[1.0, 3.0])) == 4.0
    np.testing.assert_array_equal(weights_after([[1.0, 3.0]]), [1, 1])


def test_by_hand_over_epochs():
    epochs = [[4.0, 2.0], [2.0, 1.8], [1.5, 1.8]]
    np.testing.assert_allclose(weights_after(epochs[:2]), by_hand([0.5, 0.9]), rtol=1e-6)
    np.testing.assert_allclose(weights_after(epochs), by_hand([0.75, 1.0]), rtol=1e-6)


def test_a_task_absent_for_an_epoch_keeps_its_means():
    epochs = [[4.0, 2.0], [2.0, 1.0], [1.5, 0.0], [1.2, 0.8]]
    there = [[True, True], [True, True], [True, False], [True, True]]
    found = weights_after(epochs[:3], there[:3])
    np.testing.assert_allclose(found, by_hand([1.5 / 2, 1.0 / 2]), rtol=1e-6)
    found = weights_after(epochs, there)
    np.testing.assert_allclose(found, by_hand([1.2 / 1.5, 0.8 / 1.0]), rtol=1e-6)


def test_a_task_that_comes_late_counts_as_steady_until_it_has_two_epochs():
    epochs = [[4.0, 0.0], [2.0, 3.0]]
    found = weights_after(epochs, [[True, False], [True, True]])
    np.testing.assert_allclose(found, by_hand([0.5, 1.0]), rtol=1e-6)


def test_absent_in_the_batch():
    epochs = [[4.0, 2.0, 1.0], [2.0, 1.8, 0.7]]
    found = weights_after(epochs, now=[True, False, True])
    np.testing.assert_allclose(found[[0, 2]], by_hand([0.5, 0.7]), rtol=1e-6)
    assert found[1] == 0
    np.testing.assert_array_equal(weights_after(epochs, now=[False] * 3), [0, 0, 0])


def test_temperature():
    epochs = [[4.0, 2.0], [2.0, 1.8]]
    cold = weights_after(epochs, temperature=0.5)
    np.testing.assert_allclose(cold, by_hand([0.5, 0.9], 0.5), rtol=1e-6)
    np.testing.assert_allclose(weights_after(epochs, temperature=1e6), [1, 1], rtol=1e-5)
    for wrong in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="`temperature` must be > 0"):
            DWA(temperature=wrong)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.floats(0, 2.0**50, width=32), min_size=3, max_size=3), min_size=2))
def test_weights_sum_to_the_number_of_tasks(epochs):
    found = weights_after(epochs[:4])
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(), 3, rtol=1e-5)
