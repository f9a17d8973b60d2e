import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_tasks import LOSSES, arrays, build, dataset

from mtl_keras.weighting import MGDA, Combined, Uncertainty

from .slopes import built


def weigh(method, losses, jacobian, present=None):
    gramian = tf.constant(jacobian @ jacobian.T)
    return method(losses=losses, gramian=gramian, present=present).numpy()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from(["mgda", "pcgrad", "imtl_g"]))
def test_is_the_gradient_method_on_scaled_losses(seed, gradient):
    random = np.random.default_rng(seed)
    losses, jacobian = random.uniform(0.2, 5, 3).astype("float32"), random.normal(size=(3, 5))
    if gradient == "pcgrad":
        gradient = {"class_name": "PCGrad", "config": {"shuffle": False}}
    method = built(Combined("scale_invariant", gradient), 3)
    alone = built(method.gradient.from_config(method.gradient.get_config()), 3)
    scales = 1 / losses
    wanted = scales * weigh(alone, losses * scales, scales[:, None] * jacobian)
    found = weigh(method, losses, jacobian)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max())
    own = method.own_weights(found, losses=losses, present=np.ones(3, bool))
    np.testing.assert_allclose(own, scales, rtol=1e-6)


def test_with_equal_losses_it_is_the_gradient_method():
    jacobian = np.random.default_rng(0).normal(size=(3, 5))
    alone = weigh(built(MGDA(), 3), np.ones(3), jacobian)
    np.testing.assert_array_equal(
        weigh(built(Combined("equal", "mgda"), 3), np.ones(3), jacobian), alone
    )


def test_what_the_loss_method_learns_follows_its_own_objective():
    method, alone = built(Combined("uncertainty", "mgda"), 2), built(Uncertainty(), 2)
    for each in (method.loss, alone):
        each.log_variances.assign([0.3, -0.2])
    losses = tf.constant([1.0, 4.0])
    weigh(method, losses, np.eye(2))
    with tf.GradientTape(persistent=True) as tape:
        values = method.objective(losses, [True, True]), alone(losses=losses)
    found, wanted = (
        tape.gradient(value, each.log_variances.value)
        for value, each in zip(values, (method.loss, alone))
    )
    np.testing.assert_array_equal(found, wanted)


def test_own_weights_of_the_gradient_method_count_too():
    method = built(Combined("scale_invariant", "gradnorm"), 2)
    losses, jacobian = tf.constant([0.5, 4.0]), np.diag([1.0, 3.0])
    for _ in range(2):
        weights = weigh(method, losses, jacobian)
    own = method.own_weights(weights, losses, tf.constant([True, True])).numpy()
    np.testing.assert_allclose(own, weights, rtol=1e-6)


def test_a_scale_that_is_not_finite_keeps_the_last_good_one():
    method = built(Combined("gls", "mgda"), 2)
    weigh(method, [1.0, 4.0], np.eye(2))
    assert np.isfinite(weigh(method, [np.nan, 4.0], np.eye(2))).all()
    np.testing.assert_allclose(method.scales, [1, 0.25])
    found = weigh(method, [0.5, 4.0], np.full((2, 2), np.nan))
    assert np.isfinite(found).all()
    assert int(method.failures) == 1


def test_hears_what_the_methods_hear():
    method = built(Combined("famo", "modo"), 2)
    assert method.sees == "cross_gramian"
    weigh(method, [1.0, 1.0], np.eye(2))
    method.after_step(losses=[0.5, 1.0], present=None)
    assert float(method.loss.logits[1]) > 0
    assert not hasattr(Combined("dwa", "mgda"), "after_step")
    method = built(Combined("dwa", "mgda"), 2)
    method.on_epoch_end(np.ones(2, "float32"), np.array([True, True]))
    np.testing.assert_array_equal(method.loss.last, [1, 1])


def train(model):
    model.fit(dataset(*arrays(16)), verbose=0)
    return [v.numpy() for v in model.variables]


def test_in_a_model_it_learns_is_saved_and_goes_on(tmp_path):
    model = build(noise=False)
    model.compile("adam", loss=LOSSES, weighting=Combined("imtl_l"), run_eagerly=True)
    train(model)
    assert np.abs(model.weighting.loss.log_scales.numpy()).min() > 0
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again.weighting.gradient).__name__ == "PCGrad"
    for found, wanted in zip(train(again), train(model), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_refuses_methods_of_the_wrong_kind():
    with pytest.raises(ValueError, match=r"must look at one of: losses\. Received: 'mgda'"):
        Combined("mgda", "mgda")
    with pytest.raises(ValueError, match=r"gramian, cross_gramian\. Received: 'graddrop'"):
        Combined("equal", "graddrop")
