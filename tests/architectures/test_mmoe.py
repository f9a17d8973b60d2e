import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.architectures import mmoe

from . import toy


def built(experts):
    model = toy.features(mmoe(toy.dense, toy.TASKS, experts=experts), shapes=[(3,)])
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    kernels = [model.get_layer(f"mmoe_expert{i + 1}_stage1").kernel.numpy() for i in range(experts)]
    gates = {task: model.get_layer(f"mmoe_gates_{task}_3").kernel for task in toy.TASKS}
    return model, x, kernels, gates


def test_the_paper_s_equation():
    model, x, kernels, gates = built(3)
    for task, y in model({"x": x}).items():
        scores = np.exp(x @ gates[task].numpy())
        gate = scores / scores.sum(axis=1, keepdims=True)
        wanted = sum(gate[:, [i]] * (x @ kernel) for i, kernel in enumerate(kernels))
        np.testing.assert_allclose(y, wanted, rtol=0, atol=1e-5)


def test_a_gate_of_zeros_gives_the_mean_of_the_experts():
    model, x, kernels, gates = built(4)
    for gate in gates.values():
        gate.assign(np.zeros(gate.shape))
    for y in model({"x": x}).values():
        np.testing.assert_allclose(y, x @ np.mean(kernels, axis=0), rtol=0, atol=1e-6)


def test_one_expert_is_hard_sharing_and_its_gate_learns_nothing():
    model, x, kernels, gates = built(1)
    with tf.GradientTape() as tape:
        outputs = model({"x": x})
        loss = sum(tf.reduce_sum(y**2) for y in outputs.values())
    for gradient in tape.gradient(loss, list(gates.values())):
        assert not np.any(gradient)
    hard = toy.features(toy.make("hard_sharing", toy.dense), shapes=[(3,)])
    hard.trainable_variables[0].assign(kernels[0])
    for task, y in hard({"x": x}).items():
        np.testing.assert_array_equal(outputs[task], y)


def test_experts_start_from_different_weights():
    _, _, kernels, _ = built(4)
    for i in range(1, 4):
        assert np.abs(kernels[0] - kernels[i]).max() > 0.1


def test_parameters():
    """n P_E + K D n, without biases: 175,834 of the anchors less their 2 x 3 biases."""
    trunk, heads = 37_568, 2 * 31_370

    def make(name):
        return keras.Sequential(
            [
                keras.layers.Conv2D(64, 3, padding="same"),
                keras.layers.MaxPooling2D(),
                keras.layers.Conv2D(64, 3, padding="same"),
                keras.layers.MaxPooling2D(),
                keras.layers.Flatten(),
            ],
            name=name,
        )

    found = toy.features(mmoe(make, toy.TASKS, experts=3), shapes=[(28, 28, 1)]).count_params()
    assert found == 3 * trunk + 2 * 64 * 3
    assert found + heads == 175_834 - 2 * 3


def test_refuses_no_expert():
    with pytest.raises(ValueError, match=r"`experts` must be >= 1\. Received: experts=0"):
        mmoe(toy.tiny, toy.TASKS, experts=0)
