import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from mtl_keras.weighting import MoCo

from .golden import stateful_cases
from .test_modo import project


def built(jacobian, **options):
    method = MoCo(**options)
    method.build([f"task{index}" for index in range(len(jacobian))], size=len(jacobian[0]))
    return method


@pytest.mark.parametrize("case", stateful_cases("moco"), ids=lambda case: case["jacobian"])
def test_golden_of_the_code_s_form(case):
    options = case["options"]
    method = built(options["jacobians"][0], form="code")
    steps = zip(options["jacobians"], options["losses"], case["weights"], case["vectors"])
    for jacobian, losses, weights, vector in steps:
        found = method(losses=losses, jacobian=jacobian)
        np.testing.assert_allclose(found, vector, rtol=0, atol=1e-6 * np.abs(vector).max())
        shares = method.shares.numpy() / method.shares.numpy().sum()
        np.testing.assert_allclose(shares, weights, rtol=0, atol=1e-6)


def reference(jacobians, losses, form, beta, beta_sigma, gamma, gamma_sigma, rho):
    """Yields the directions of the rule in float64."""
    y, w = np.zeros_like(jacobians[0]), np.full(len(jacobians[0]), 1 / len(jacobians[0]))
    for k, (jacobian, loss) in enumerate(zip(jacobians, losses), 1):
        if form == "code":
            jacobian = loss[:, None] * jacobian / np.linalg.norm(jacobian, axis=1)[:, None]
        y = y - beta / k**beta_sigma * (y - jacobian)
        moved = w - gamma / k**gamma_sigma * (y @ y.T @ w + rho * w)
        w = project(moved) if form == "paper" else softmax(moved)
        yield y.T @ w


@settings(max_examples=10, deadline=None)
@given(
    st.integers(0, 2**31),
    st.sampled_from(["paper", "code"]),
    st.sampled_from([(0.5, 0.5, 0.1, 0.5, 0.0), (0.9, 0.0, 0.3, 0.2, 0.5)]),
)
def test_follows_the_rule_over_steps(seed, form, numbers):
    random = np.random.default_rng(seed)
    jacobians, losses = random.normal(size=(4, 3, 5)), random.uniform(0.5, 2, (4, 3))
    names = ("beta", "beta_sigma", "gamma", "gamma_sigma", "rho")
    options = dict(zip(names, numbers), form=form)
    method = built(jacobians[0], **options)
    for step, wanted in enumerate(reference(jacobians, losses, **options)):
        found = method(losses=losses[step], jacobian=jacobians[step])
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)


def test_absent_tasks_keep_average_and_share():
    random = np.random.default_rng(0)
    jacobians, there = random.normal(size=(4, 3, 5)), np.array([True, False, True])
    method, other = built(jacobians[0]), built(jacobians[0][there])
    for jacobian in jacobians:
        found = method(losses=np.ones(3), jacobian=jacobian, present=there)
        wanted = other(losses=np.ones(2), jacobian=jacobian[there])
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(method.averages[1], np.zeros(5))
    assert float(method.shares[1]) == 1


def test_gradients_that_are_not_finite_leave_the_averages():
    method = built(np.eye(2))
    method(losses=np.ones(2), jacobian=np.eye(2))
    state = method.averages.numpy()
    method(losses=np.ones(2), jacobian=[[np.nan, 0], [0, 1]])
    np.testing.assert_array_equal(method.averages, state)
    assert int(method.failures) == 1
    assert np.isfinite(method(losses=np.ones(2), jacobian=np.eye(2))).all()


def test_refuses_another_form():
    with pytest.raises(ValueError, match="paper"):
        MoCo(form="papper")
