import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.weighting import GradNorm

from .directions import assert_as_if_absent, built, weigh
from .golden import GOLDEN
from .weighting_cases import KINDS, jacobians

CASES = [case for case in GOLDEN["stateful"] if case["method"] == "gradnorm"]


def paper(jacobian_of, losses_of, steps, alpha=1.5, learning_rate=0.025):
    """Algorithm 1 in NumPy, with Adam: the weights used in each step."""
    tasks = len(losses_of(0))
    w, m, v, used = np.ones(tasks), 0.0, 0.0, []
    for step in range(steps):
        norms = np.linalg.norm(jacobian_of(step), axis=1)
        rates = losses_of(step) / losses_of(0)
        target = (w * norms).mean() * (rates / rates.mean()) ** alpha
        slope = norms * np.sign(w * norms - target)
        m, v = 0.9 * m + 0.1 * slope, 0.999 * v + 0.001 * slope**2
        used.append(w)
        k = step + 1
        w = w - learning_rate * (m / (1 - 0.9**k)) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8)
        w = w * tasks / w.sum()
    return np.array(used)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["jacobian"])
def test_golden_slopes(case):
    options = case["options"]
    jacobian = np.array(GOLDEN["jacobians"][case["jacobian"]]["J"])
    method = built(GradNorm, len(jacobian), alpha=options["alpha"])
    method.initial_losses.assign(options["initial_losses"])
    method.task_weights.assign(options["weights_before"])
    weights = weigh(method, jacobian, options["losses"])
    np.testing.assert_allclose(weights @ jacobian, case["vector"], rtol=1e-5)
    # After one step the momentum is a tenth of the slope.
    slopes = 10 * np.array(method.adam.state[0])
    np.testing.assert_allclose(slopes, case["grad_wrt_weights"], rtol=1e-6)


def test_is_the_paper_s_algorithm():
    random = np.random.default_rng(0)
    gradients = random.normal(size=(20, 3, 9)) * [[1.0], [5.0], [0.2]]
    losses = random.uniform(0.5, 2, (20, 3))
    method = built(GradNorm, 3)
    found = [weigh(method, g, loss) for g, loss in zip(gradients, losses)]
    wanted = paper(lambda step: gradients[step], lambda step: losses[step], 20)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    np.testing.assert_allclose(np.sum(found, axis=1), 3, rtol=1e-6)


def test_brings_the_norms_together_and_helps_the_slow():
    gradients = np.diag([1.0, 3.0])
    method = tf.function(built(GradNorm, 2, learning_rate=0.05), autograph=False)
    for _ in range(60):
        weights = weigh(method, gradients)
    np.testing.assert_allclose(weights * [1, 3], 1.5, rtol=0.1)
    # The first task's loss has not fallen, the second's has halved.
    for _ in range(60):
        weights = weigh(method, gradients, [1.0, 0.5])
    assert weights[0] / 3 > 2 * weights[1]


@pytest.mark.parametrize("kind", KINDS)
def test_weights_stay_positive_and_sum_to_the_number_of_tasks(kind):
    method = built(GradNorm, 5, learning_rate=5.0)
    for seed in range(3):
        weights = weigh(method, jacobians(kind, 5, 9, seed), [1.0, 0.0, 1e-20, 1e20, 2.0])
        assert (weights > 0).all()
        np.testing.assert_allclose(weights.sum(), 5, rtol=1e-6)


def test_own_variables_get_the_weights():
    weights = np.array([0.5, 1.5])
    np.testing.assert_array_equal(built(GradNorm, 2).own_weights(weights=weights), weights)
    assert GradNorm.at == "last_block"


def test_absent_tasks_keep_everything():
    assert_as_if_absent(GradNorm)
    method = built(GradNorm, 3)
    for seed in range(2):
        weigh(method, jacobians("random", 3, 9, seed))
    before = [np.array(v) for v in (method.task_weights, *method.adam.state)]
    weights = weigh(method, jacobians("random", 3, 9, 3), present=[True, False, True])
    np.testing.assert_allclose(weights.sum(), 2, rtol=1e-6)
    for old, new in zip(before, (method.task_weights, *method.adam.state)):
        np.testing.assert_array_equal(np.array(new) != old, [True, False, True])
    np.testing.assert_allclose(np.sum(method.task_weights), 3, rtol=1e-6)


def test_bad_gradients_teach_nothing():
    method = built(GradNorm, 2)
    weigh(method, np.eye(2))
    before = [np.array(v) for v in (method.task_weights, *method.adam.state)]
    weigh(method, np.full((2, 2), np.nan))
    for old, new in zip(before, (method.task_weights, *method.adam.state)):
        np.testing.assert_array_equal(new, old)


def test_refuses():
    with pytest.raises(ValueError, match=r"`learning_rate` must be > 0.*learning_rate=0"):
        GradNorm(learning_rate=0)
