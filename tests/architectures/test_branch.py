import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.architectures import Branch
from mtl_keras.architectures.branch import COMMITTED, SEARCH, WARM_UP


def built(rows, logits, phase=SEARCH):
    branch = Branch([str(i) for i in range(rows)], [str(i) for i in range(len(logits))])
    branch.build([(None, 1)] * len(logits))
    branch.logits.assign(np.broadcast_to(logits, (rows, len(logits))))
    branch.phase.assign(phase)
    return branch


@pytest.mark.parametrize("temperature", [0.1, 5.0])
def test_parents_are_drawn_as_often_as_they_are_likely(temperature):
    wanted = np.array([0.6, 0.3, 0.1])
    branch = built(20_000, np.log(wanted))
    branch.temperature.assign(temperature)
    drawn = branch.draw().numpy()
    np.testing.assert_allclose(drawn.max(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(drawn.mean(axis=0), wanted, rtol=0, atol=0.015)
    np.testing.assert_allclose(branch.mixing()[0], wanted, rtol=1e-5)


def test_a_sure_choice():
    branch = built(200, [0.0, 20.0])
    for training in (False, True):
        found = branch([np.zeros((1, 1)), np.ones((1, 1))], training=training)
        assert all(float(y[0, 0]) == pytest.approx(1, abs=1e-6) for y in found)


def test_the_gradient_is_that_of_the_softmax_of_the_noisy_logits():
    branch, tau = built(4, [0.3, -0.2, 0.5]), 0.7
    branch.temperature.assign(tau)
    seed = branch.seed_generator.state.numpy()
    with tf.GradientTape() as tape:
        score = tf.reduce_sum(branch.draw() * [1.0, 2.0, 4.0])
    found = tape.gradient(score, branch.logits.value)
    branch.seed_generator.state.assign(seed)
    uniform = keras.random.uniform((4, 3), 1e-20, 1.0, seed=branch.seed_generator).numpy()
    noisy = branch.logits.numpy() - np.log(-np.log(uniform.astype(float)))
    soft = np.exp(noisy / tau) / np.exp(noisy / tau).sum(axis=1, keepdims=True)
    v = np.array([1.0, 2.0, 4.0])
    wanted = soft * (v - (soft * v).sum(axis=1, keepdims=True)) / tau
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-5)


def test_warm_up_and_commitment():
    parts = [np.full((2, 3), value, "float32") for value in (1.0, 2.0, 6.0)]
    for y in built(2, [0.0, 5.0, 1.0], WARM_UP)(parts, training=True):
        np.testing.assert_allclose(y, 3.0, rtol=1e-6)
    committed = built(2, [0.0, 5.0, 1.0], COMMITTED)
    with tf.GradientTape() as tape:
        found = committed(parts, training=True)
    for y in found:
        np.testing.assert_array_equal(y, parts[1])
    assert not np.any(tape.gradient(found, committed.logits.value))


def test_inference_draws_nothing():
    branch = built(3, [0.0, 0.1])
    parts = [np.zeros((1, 1)), np.ones((1, 1))]
    seed = branch.seed_generator.state.numpy()
    assert {float(y[0, 0]) for _ in range(20) for y in branch(parts)} == {1.0}
    np.testing.assert_array_equal(branch.seed_generator.state, seed)


def test_under_xla():
    branch = built(3, [0.0, 20.0])
    run = tf.function(lambda *parts: branch(list(parts), training=True), jit_compile=True)
    parts = np.random.default_rng(0).normal(size=(2, 4, 5)).astype("float32")
    for y in run(*parts):
        np.testing.assert_allclose(y, parts[1], rtol=1e-5)
