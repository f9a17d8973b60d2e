import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import minimize_scalar

import mtl_keras as mtl
from mtl_keras.experiments import kurin_methods


def test_mgda_decides_on_normalised_gradients_and_weighs_the_plain_losses():
    gradients = np.random.default_rng(0).normal(size=(2, 30)) * [[1.0], [3.0]]
    losses = np.array([0.5, 2.0])
    unit = gradients / (losses * np.linalg.norm(gradients, axis=1))[:, None]

    def length(alpha):
        return np.linalg.norm(alpha * unit[0] + (1 - alpha) * unit[1])

    alpha = minimize_scalar(length, bounds=(0, 1), method="bounded", options={"xatol": 1e-9}).x
    method = kurin_methods.PlainLossMGDA()
    method.build(["left", "right"])
    weights = method(losses=losses, gramian=gradients @ gradients.T)
    np.testing.assert_allclose(weights, [alpha, 1 - alpha], atol=1e-5)


def test_graddrop_keeps_the_length_of_the_sum():
    gradients = np.random.default_rng(0).normal(size=(2, 8 * 5)).astype("float32")
    features = tf.constant(np.random.default_rng(1).normal(size=(8, 5)), tf.float32)
    plain, rescaled = mtl.weighting.GradDrop(), kurin_methods.RescaledGradDrop()
    for method in (plain, rescaled):
        method.build(["left", "right"])
        method.seed_generator.state.assign([0, 1])
    facts = {"losses": [1.0, 1.0], "jacobian": gradients, "features": features}
    kept, found = (method(**facts).numpy() for method in (plain, rescaled))
    length = np.linalg.norm(gradients.sum(axis=0))
    np.testing.assert_allclose(np.linalg.norm(found), length, rtol=1e-6)
    np.testing.assert_allclose(found / length, kept / np.linalg.norm(kept), atol=1e-6)


@pytest.mark.parametrize("name", ["rlw_normal", "rlw_dirichlet"])
def test_random_weights_times_the_factor_sum_to_the_number_of_tasks(name):
    options = kurin_methods.get(name).options(["left", "right"])
    method = mtl.weighting.get(options["weighting"])
    method.build(["left", "right"])
    total = method(losses=[options["loss_weights"][task] for task in ("left", "right")])
    assert float(total) == pytest.approx(2.0, abs=1e-6)


@pytest.mark.parametrize("method", [kurin_methods.PlainLossMGDA, kurin_methods.RescaledGradDrop])
def test_is_made_again_from_its_config(method):
    config = keras.saving.serialize_keras_object(method())
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is method
    assert again.get_config() == method().get_config()
