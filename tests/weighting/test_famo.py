import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from toy_tasks import build, dataset

from mtl_keras.weighting import FAMO

from .golden import loss_cases
from .slopes import built, differentiate


class Reference:
    """The official code's rule in float64, checked against the golden values below."""

    def __init__(self, count, gamma=1e-3, learning_rate=0.025):
        self.gamma, self.learning_rate = gamma, learning_rate
        self.logits, self.momentum, self.velocity = np.zeros((3, count))
        self.updates = 0

    def weights(self, losses):
        found = softmax(self.logits) / (losses + 1e-8)
        return found / found.sum()

    def after_step(self, before, after):
        z, falls = softmax(self.logits), np.log(before + 1e-8) - np.log(after + 1e-8)
        slopes = z * (falls - z @ falls) + self.gamma * self.logits
        self.updates += 1
        self.momentum = 0.9 * self.momentum + 0.1 * slopes
        self.velocity = 0.999 * self.velocity + 0.001 * slopes**2
        size = np.sqrt(self.velocity / (1 - 0.999**self.updates)) + 1e-8
        self.logits -= self.learning_rate * self.momentum / (1 - 0.9**self.updates) / size


@pytest.mark.parametrize("case", loss_cases("famo"), ids=lambda case: len(case["losses"][0]))
def test_reference_is_golden(case):
    losses = np.array(case["losses"])
    reference = Reference(losses.shape[1])
    for before, after, wanted in zip(losses, losses[1:], case["steps"]):
        np.testing.assert_allclose(reference.weights(before), wanted["weights"], rtol=1e-6)
        reference.after_step(before, after)
        np.testing.assert_allclose(reference.logits, wanted["logits_after"], rtol=1e-5)


@pytest.mark.parametrize("case", loss_cases("famo"), ids=lambda case: len(case["losses"][0]))
def test_golden_first_weights(case):
    losses = case["losses"][0]
    value, weights, _ = differentiate(built(FAMO(), len(losses)), losses)
    np.testing.assert_allclose(value, case["steps"][0]["value"], rtol=1e-6)
    np.testing.assert_allclose(weights, case["steps"][0]["weights"], rtol=1e-6)


@pytest.mark.parametrize("options", [{}, {"gamma": 0.5, "learning_rate": 0.1}])
def test_follows_the_reference_over_steps(options):
    random = np.random.default_rng(0)
    method, reference = built(FAMO(**options), 3), Reference(3, **options)
    for _ in range(8):
        before, after = random.uniform(0.1, 5, (2, 3)).astype("float32")
        _, weights, _ = differentiate(method, before)
        np.testing.assert_allclose(weights, reference.weights(before), rtol=1e-5)
        method.after_step(losses=after, present=None)
        reference.after_step(before.astype(float), after.astype(float))
        np.testing.assert_allclose(method.logits, reference.logits, rtol=1e-4, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(2.0**-40, 2.0**40, width=32), st.floats(-5, 5)), min_size=1, max_size=5
    )
)
def test_weights_sum_to_one(pairs):
    losses, logits = np.array(pairs).T
    method = built(FAMO(), len(losses))
    method.logits.assign(logits)
    value, weights, _ = differentiate(method, losses)
    assert np.isfinite(value)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-5)


def test_an_absent_task_sits_out():
    method, other = built(FAMO(), 3), built(FAMO(), 2)
    before, after = np.array([2.0, 4.0, 3.0]), np.array([1.0, 9.0, 2.8])
    there = np.array([True, False, True])
    for _ in range(3):
        _, weights, _ = differentiate(method, np.where(there, before, np.nan), there)
        _, wanted, _ = differentiate(other, before[there])
        np.testing.assert_allclose(weights[there], wanted, rtol=1e-6)
        method.after_step(losses=np.where(there, after, np.nan), present=there)
        other.after_step(losses=after[there], present=None)
    np.testing.assert_allclose(method.logits.numpy()[there], other.logits, rtol=1e-6)
    assert float(method.logits[1]) == 0


def test_a_loss_that_is_not_finite_changes_nothing():
    method = built(FAMO(), 2)
    differentiate(method, [1.0, 2.0])
    method.after_step(losses=[np.inf, np.nan], present=None)
    np.testing.assert_array_equal(method.logits, [0, 0])


def test_a_model_tells_it_the_losses_after_the_step():
    model = build(noise=False, regularize=False)
    losses = {"zeta": keras.losses.SparseCategoricalCrossentropy(from_logits=True), "mid": "mse"}
    method = FAMO()
    model.compile(
        keras.optimizers.SGD(0.1),
        loss={**losses, "alpha": keras.losses.BinaryCrossentropy(from_logits=True)},
        weighting=method,
        run_eagerly=True,
    )
    inputs, labels = next(iter(dataset()))
    reference = Reference(3)

    def seen():
        outputs = model(inputs, training=True)
        return np.array(
            [tf.reduce_mean(model.loss_objects[t](labels[t], outputs[t])) for t in outputs]
        ).astype(float)

    for _ in range(2):
        before = seen()
        model.train_on_batch(inputs, labels)
        reference.after_step(before, seen())
    np.testing.assert_allclose(method.logits, reference.logits, rtol=1e-3)
