import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.weighting import CRMOGM, DWA, FAMO, IMTLL, MGDA, GradNorm, MoDo, ScaleInvariant

from .slopes import built, differentiate


def weigh(method, jacobian, present=None):
    gramian = tf.constant(jacobian @ jacobian.T)
    losses = tf.ones(len(jacobian))
    return method(losses=losses, gramian=gramian, present=present).numpy()


@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.9])
def test_is_the_running_average_of_the_weights(alpha):
    random = np.random.default_rng(0)
    smooth, plain, average = built(CRMOGM("mgda", alpha), 3), built(MGDA(), 3), None
    for _ in range(3):
        jacobian = random.normal(size=(3, 5))
        now = weigh(plain, jacobian)
        average = now if average is None else alpha * average + (1 - alpha) * now
        found = weigh(smooth, jacobian)
        np.testing.assert_allclose(found, average, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(found.sum(), 1, rtol=1e-5)


def test_of_a_loss_method():
    method = built(CRMOGM(ScaleInvariant(), alpha=0.75), 2)
    value, weights, _ = differentiate(method, [1.0, 4.0])
    np.testing.assert_allclose(weights, [1, 0.25])
    assert value == 2
    value, weights, _ = differentiate(method, [2.0, 2.0])
    wanted = 0.75 * np.array([1, 0.25]) + 0.25 * 0.5
    np.testing.assert_allclose(weights, wanted)
    np.testing.assert_allclose(value, wanted.sum() * 2)


def test_what_a_loss_method_learns_is_trained_as_without():
    smooth, plain = built(CRMOGM("imtl_l"), 2), built(IMTLL(), 2)
    for losses in ([1.0, 4.0], [3.0, 0.5]):
        value, weights, (slopes,) = differentiate(smooth, losses)
        _, now, (wanted,) = differentiate(plain, losses)
        np.testing.assert_allclose(slopes, wanted, rtol=1e-6)
        np.testing.assert_allclose(value, weights @ losses, rtol=1e-6)
        for method in (smooth.weighting, plain):
            method.log_scales.assign_sub(0.1 * wanted)
    np.testing.assert_allclose(weights, 0.9 + 0.1 * now, rtol=1e-6)


def test_a_task_that_comes_late_starts_with_its_own_weight():
    method = built(CRMOGM("mgda"), 3)
    jacobian = np.diag([1.0, 2.0, 4.0])
    there = np.array([True, True, False])
    np.testing.assert_allclose(weigh(method, jacobian, there), [0.8, 0.2, 0], rtol=1e-6)
    whole = weigh(built(MGDA(), 3), jacobian)
    found = weigh(method, jacobian)
    np.testing.assert_allclose(found[2], whole[2], rtol=1e-6)
    np.testing.assert_allclose(found[:2], [0.72, 0.18] + 0.1 * whole[:2], rtol=1e-6)


def test_hears_what_the_method_hears():
    assert CRMOGM("modo").sees == MoDo.sees
    assert CRMOGM("gradnorm").at == GradNorm.at
    method = built(CRMOGM(FAMO()), 2)
    differentiate(method, [1.0, 1.0])
    method.after_step(losses=[0.5, 1.0], present=None)
    assert float(method.weighting.logits[1]) > 0
    assert not hasattr(built(CRMOGM("mgda"), 2), "after_step")
    method = built(CRMOGM(DWA()), 2)
    for losses in ([2.0, 2.0], [1.0, 2.0]):
        method.on_epoch_end(np.array(losses, "float32"), np.array([True, True]))
    _, weights, _ = differentiate(method, [1.0, 1.0])
    np.testing.assert_allclose(weights, [0.876, 1.124], atol=1e-3)


def test_failures_are_the_method_s():
    method = built(CRMOGM("mgda"), 2)
    weigh(method, np.diag([1.0, 2.0]))
    found = weigh(method, np.full((2, 2), np.nan))
    np.testing.assert_allclose(found, [0.8, 0.2], rtol=1e-6)
    assert int(method.failures) == 1
    assert not hasattr(built(CRMOGM("equal"), 2), "failures")


def test_refuses_directions_and_numbers_out_of_range():
    with pytest.raises(ValueError, match="Received: 'graddrop'"):
        CRMOGM("graddrop")
    for wrong in (-0.1, 1.0):
        with pytest.raises(ValueError, match=r"`alpha` must be in \[0, 1\)"):
            CRMOGM(alpha=wrong)
