import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import DBMTL

from .directions import (
    assert_as_if_absent,
    assert_bad_input_keeps_the_last_weights,
    built,
    compiled,
    direct,
    near,
    weigh,
)
from .weighting_cases import KINDS, jacobians


@settings(max_examples=20, deadline=None)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 2**31))
def test_closed_form(kind, seed):
    jacobian = jacobians(kind, 4, 9, seed).astype(np.float64)
    losses = np.random.default_rng(seed).uniform(0.1, 9, 4)
    norms = np.linalg.norm(jacobian, axis=1)
    unit = jacobian / np.where(norms > 0, norms, 1)[:, None]
    wanted = (norms / losses).max() * unit.sum(0)
    assert near(jacobian, weigh(compiled(DBMTL, 4), jacobian, losses), wanted)


@pytest.mark.parametrize("scale", [1e-4, 7.0, 1e6])
def test_the_scale_of_a_loss_does_not_matter(scale):
    jacobian, losses = jacobians("random", 3, 9, 1).astype(np.float64), np.array([1.0, 2.0, 3.0])
    factors = np.array([1.0, scale, 1.0])
    found = direct(built(DBMTL, 3), factors[:, None] * jacobian, factors * losses)
    np.testing.assert_allclose(found, direct(built(DBMTL, 3), jacobian, losses), rtol=1e-4)


def test_own_variables_get_the_gradient_of_the_log_losses():
    own = built(DBMTL, 3).own_weights(losses=[0.5, 0.0, -1.0], present=[True, False, True])
    np.testing.assert_allclose(own, [2, 0, 1e8], rtol=1e-6)


def test_a_zero_gradient_weighs_nothing():
    found = weigh(built(DBMTL, 3), [[1.0, 0.0], [0.0, 0.0], [0.0, 2.0]])
    np.testing.assert_array_equal(found, [2, 0, 1])
    np.testing.assert_array_equal(weigh(built(DBMTL, 2), np.zeros((2, 3))), 0)


def test_absent_tasks_and_bad_input():
    assert_as_if_absent(DBMTL)
    assert_bad_input_keeps_the_last_weights(DBMTL)
