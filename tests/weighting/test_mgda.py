import functools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import MGDA

from .golden import aggregations
from .weighting_cases import KINDS, jacobians, reference_min_norm

SEEDS = st.integers(0, 2**31)
NORMALIZATIONS = ("none", "l2", "loss", "loss+")


@functools.cache
def built(tasks, mode, normalization):
    method = MGDA(normalization)
    method.build([f"task{index}" for index in range(tasks)])
    return method if mode == "eager" else tf.function(method, jit_compile=mode == "xla")


def weigh(jacobian, losses=None, mode="eager", normalization="none"):
    jacobian = np.asarray(jacobian, np.float64)
    losses = np.ones(len(jacobian)) if losses is None else losses
    method = built(len(jacobian), mode, normalization)
    gramian = tf.constant(jacobian @ jacobian.T)
    return method(losses=tf.constant(losses, tf.float32), gramian=gramian).numpy().astype(float)


@pytest.mark.parametrize(
    ("name", "jacobian", "losses", "options", "wanted"),
    [pytest.param(*case, id=f"{case[0]}-{case[3]}") for case in aggregations("mgda")],
)
def test_golden(name, jacobian, losses, options, wanted):
    found = jacobian.T @ weigh(jacobian, losses, **options)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6 * max(np.abs(wanted).max(), 1e-9))


@pytest.mark.parametrize("tasks", [1, 2, 3, 5, 20, 40])
def test_is_the_shortest_vector_of_the_reference(tasks):
    for kind in KINDS:
        for seed in range(3):
            jacobian = jacobians(kind, tasks, 60, seed)
            wanted, info = reference_min_norm(jacobian)
            assert info["kkt"] < 1e-7
            # Where 0 is in the hull, to float32's digits of the longest gradient.
            size = np.linalg.norm(jacobian, axis=1).max() if "note" in info else 0.0
            limit = 1e-3 if kind == "near_stationary" else 1e-5
            found = jacobian.T.astype(float) @ weigh(jacobian, mode="graph")
            error = np.linalg.norm(found - wanted)
            assert error <= limit * max(np.linalg.norm(wanted), size), (kind, seed)


@pytest.mark.parametrize("kind", KINDS)
def test_under_xla(kind):
    jacobian = jacobians(kind, 5, 60, 3)
    np.testing.assert_allclose(weigh(jacobian, mode="xla"), weigh(jacobian), rtol=1e-5, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(KINDS), tasks=st.sampled_from([2, 3, 5]), seed=SEEDS)
def test_optimality_conditions(kind, tasks, seed):
    jacobian = jacobians(kind, tasks, 8, seed).astype(np.float64)
    weights = weigh(jacobian, mode="graph")
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-6)
    gramian = jacobian @ jacobian.T
    along = gramian @ weights
    least = weights @ gramian @ weights
    # The weights are float32: products are right to this.
    rounding = 1e-6 * np.sqrt(np.outer(np.diag(gramian), np.diag(gramian))) @ weights
    assert (along >= least - rounding - weights @ rounding).all()
    assert weights @ (along - least) <= weights @ rounding


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(KINDS), seed=SEEDS)
def test_two_tasks_closed_form(kind, seed):
    jacobian = jacobians(kind, 2, 8, seed).astype(np.float64)
    (a, b), (_, c) = jacobian @ jacobian.T
    wanted = np.clip((c - b) / (a + c - 2 * b), 0, 1)
    found = weigh(jacobian, mode="graph")
    np.testing.assert_allclose(found, [wanted, 1 - wanted], rtol=1e-5, atol=1e-7)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, scale=st.sampled_from([1e-15, 1e-3, 1e6, 1e15]))
def test_scale_laws(seed, scale):
    jacobian = jacobians("conflicting", 3, 8, seed).astype(np.float64)
    found, wanted = weigh(scale * jacobian, mode="graph"), weigh(jacobian, mode="graph")
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)
    # One scaled loss: the normalised rows, and so their shortest combination, stay.
    factors = np.array([1.0, scale, 1.0])
    scaled = factors[:, None] * jacobian
    for normalization in ("l2", "loss"):
        one = weigh(jacobian, None, "graph", normalization) @ jacobian
        other = weigh(scaled, factors, "graph", normalization) @ scaled
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-4 * np.abs(one).max())


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_normalised_rows_are_combined(normalization):
    random = np.random.default_rng(0)
    jacobian, losses = random.normal(size=(4, 9)), random.uniform(0.2, 5, 4)
    norms = np.linalg.norm(jacobian, axis=1)
    q = {"none": 1, "l2": norms, "loss": losses, "loss+": losses * norms}[normalization]
    rows = jacobian / (q * np.ones(4))[:, None]
    found = jacobian.T @ weigh(jacobian, losses, normalization=normalization)
    np.testing.assert_allclose(found, reference_min_norm(rows)[0], rtol=0, atol=1e-6)


def test_orthogonal_rows():
    norms = np.array([1.0, 2.0, 5.0])
    wanted = norms**-2 / (norms**-2).sum()
    np.testing.assert_allclose(weigh(np.diag(norms)), wanted, rtol=1e-6)


def test_one_task_and_equal_rows_give_the_gradient():
    gradient = np.array([[1.0, -2.0, 3.0]])
    np.testing.assert_array_equal(weigh(gradient), [1])
    same = np.repeat(gradient, 4, axis=0)
    np.testing.assert_allclose(weigh(same) @ same, gradient[0], rtol=1e-6)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_a_zero_gradient_takes_all_weight(normalization):
    weights = weigh([[1.0, 0.0], [0.0, 0.0], [3.0, 1.0]], normalization=normalization)
    np.testing.assert_array_equal(weights, [0, 1, 0])


def test_an_absent_task_is_no_zero_gradient():
    method = MGDA()
    method.build(["a", "b", "c"])
    gramian = tf.constant(np.diag([1.0, 5.0, 3.0]))
    weights = method(losses=tf.ones(3), gramian=gramian, present=[True, False, True])
    np.testing.assert_allclose(weights, [0.75, 0, 0.25], rtol=1e-6)
    nobody = method(losses=tf.ones(3), gramian=gramian, present=[False] * 3)
    np.testing.assert_array_equal(nobody, [0, 0, 0])
    assert int(method.failures) == 0


def test_refuses_an_unknown_normalization():
    with pytest.raises(ValueError, match=r"must be one of none, l2, loss, loss.*'L2'"):
        MGDA(normalization="L2")
