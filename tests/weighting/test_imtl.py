import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import IMTL

from .golden import GOLDEN
from .slopes import built

CASES = [case for case in GOLDEN["aggregations"] if case["method"] == "imtl" and "vector" in case]


def weigh(method, jacobian):
    gramian = tf.constant(jacobian @ jacobian.T)
    return method(losses=np.ones(len(jacobian)), gramian=gramian).numpy().astype(float)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["jacobian"])
def test_golden(case):
    jacobian = np.array(GOLDEN["jacobians"][case["jacobian"]]["J"])
    found = jacobian.T @ weigh(built(IMTL(), len(jacobian)), jacobian)
    wanted = np.array(case["vector"])
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31))
def test_all_scaled_tasks_advance_alike(seed):
    random = np.random.default_rng(seed)
    jacobian, s = random.normal(size=(3, 6)), random.uniform(-1, 1, 3)
    method = built(IMTL(), 3)
    method.loss.log_scales.assign(s)
    weights = weigh(method, jacobian)
    direction = jacobian.T @ weights
    along = jacobian @ direction / np.linalg.norm(jacobian, axis=1)
    np.testing.assert_allclose(along, along.mean(), atol=1e-4 * np.linalg.norm(direction) + 1e-5)
    np.testing.assert_allclose((weights / np.exp(s)).sum(), 1, rtol=1e-3)


def test_config_has_no_options():
    assert IMTL().get_config() == {}
    assert IMTL.from_config({}).loss.get_config() == {}
