import math

import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.weighting import Uncertainty

from .golden import loss_cases


def built(count, **options):
    method = Uncertainty(**options)
    method.build([f"task{index}" for index in range(count)])
    return method


def differentiate(method, losses, present=None):
    losses = tf.constant(losses, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(losses)
        objective = method(losses=losses, present=present)
    weights, slopes = tape.gradient(objective, [losses, method.log_variances.value])
    return float(objective), np.array(weights), np.array(slopes)


@pytest.mark.parametrize("case", loss_cases("uncertainty"), ids=lambda case: len(case["losses"]))
def test_golden(case):
    method = built(len(case["losses"]))
    method.log_variances.assign(case["options"]["log_variances"])
    value, weights, slopes = differentiate(method, case["losses"])
    np.testing.assert_allclose(value, case["value"], rtol=1e-6)
    np.testing.assert_allclose(weights, case["weights"], rtol=1e-6)
    np.testing.assert_allclose(slopes, case["grad_log_var"], rtol=1e-5)


@pytest.mark.parametrize(
    "case", loss_cases("uncertainty_liebel"), ids=lambda case: len(case["losses"])
)
def test_golden_of_the_form_of_liebel_and_koerner(case):
    method = built(len(case["losses"]), form="liebel")
    method.log_variances.assign(2 * np.log(case["options"]["sigma"]))
    value, weights, slopes = differentiate(method, case["losses"])
    np.testing.assert_allclose(value, case["value"], rtol=1e-6)
    np.testing.assert_allclose(weights, case["weights"], rtol=1e-5)
    np.testing.assert_allclose(slopes, case["grad_log_var"], rtol=1e-5)


def test_form_for_classification():
    method = built(2, initial_log_variance=0.5, form="classification")
    value, weights, slopes = differentiate(method, [1.0, 3.0])
    np.testing.assert_allclose(value, 4 * np.exp(-0.5) + 0.5, rtol=1e-6)
    np.testing.assert_allclose(weights, [np.exp(-0.5)] * 2, rtol=1e-6)
    np.testing.assert_allclose(slopes, 0.5 - np.exp(-0.5) * np.array([1, 3]), rtol=1e-5)
    with pytest.raises(ValueError, match="liebel"):
        built(2, form="libel")


def test_gradients_are_the_closed_form():
    random = np.random.default_rng(0)
    losses, s = random.uniform(0.1, 9, 6), random.normal(size=6)
    method = built(6)
    method.log_variances.assign(s)
    value, weights, slopes = differentiate(method, losses)
    np.testing.assert_allclose(value, (np.exp(-s) * losses + s).sum() / 2, rtol=1e-5)
    np.testing.assert_allclose(weights, np.exp(-s) / 2, rtol=1e-5)
    np.testing.assert_allclose(slopes, (1 - np.exp(-s) * losses) / 2, rtol=1e-4, atol=1e-6)


def test_descent_on_the_variances_ends_at_the_losses():
    method, losses = built(2), [0.5, 4.0]
    for _ in range(60):
        _, weights, slopes = differentiate(method, losses)
        method.log_variances.assign_sub(slopes)
    np.testing.assert_allclose(method.log_variances, np.log(losses), atol=1e-4)
    np.testing.assert_allclose(weights, [1 / (2 * loss) for loss in losses], rtol=1e-3)


def test_absent_tasks_leave_value_and_gradients_alone():
    method = built(3, initial_log_variance=-0.5)
    value, weights, slopes = differentiate(method, [2.0, 7.0, 3.0], [True, False, True])
    np.testing.assert_allclose(value, (math.exp(0.5) * 5 - 1) / 2, rtol=1e-6)
    assert weights[1] == 0
    assert slopes[1] == 0
    assert slopes[0] != 0


def test_the_optimizer_trains_the_variances():
    method = built(2, initial_log_variance=-0.5)
    assert [variable.path for variable in method.trainable_variables] == [method.log_variances.path]
    np.testing.assert_array_equal(method.log_variances, [-0.5, -0.5])
