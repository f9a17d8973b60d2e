import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mtl_keras.weighting import TrimmedMean

from .golden import aggregations
from .slopes import built


def direct(method, jacobian, present=None):
    return method(losses=np.ones(len(jacobian)), jacobian=jacobian, present=present).numpy()


@pytest.mark.parametrize(
    ("name", "jacobian", "losses", "options", "wanted"),
    [pytest.param(*case, id=case[0]) for case in aggregations("trimmed_mean")],
)
def test_golden(name, jacobian, losses, options, wanted):
    found = direct(built(TrimmedMean(**options), len(jacobian)), jacobian)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-7 * np.abs(wanted).max())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([(3, 1), (5, 1), (5, 2), (6, 2)]))
def test_is_scipy_s(seed, numbers):
    tasks, trimmed = numbers
    jacobian = np.random.default_rng(seed).normal(size=(tasks, 7)).astype("float32")
    found = direct(built(TrimmedMean(trimmed), tasks), jacobian)
    wanted = stats.trim_mean(jacobian.astype(float), trimmed / tasks + 1e-9, axis=0)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_mean_and_median():
    jacobian = np.random.default_rng(0).normal(size=(3, 7)).astype("float32")
    mean = direct(built(TrimmedMean(0), 3), jacobian)
    np.testing.assert_allclose(mean, jacobian.mean(axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(
        direct(built(TrimmedMean(1), 3), jacobian), np.median(jacobian, axis=0)
    )


def test_an_outlier_does_not_matter():
    jacobian = np.random.default_rng(1).normal(size=(4, 7)).astype("float32")
    found = direct(built(TrimmedMean(), 5), np.concatenate([jacobian, np.full((1, 7), 1e30)]))
    above = np.sort(jacobian, axis=0)[1:]
    np.testing.assert_allclose(found, above.mean(axis=0), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
def test_with_few_tasks_present_at_least_one_is_left(count):
    jacobian = np.random.default_rng(2).normal(size=(5, 7)).astype("float32")
    present = np.arange(5) < count
    found = direct(built(TrimmedMean(2), 5), jacobian, present)
    trimmed = max((count - 1) // 2, 0)
    some = np.sort(jacobian[:count], axis=0)[trimmed : count - trimmed]
    wanted = some.mean(axis=0) if count else np.zeros(7)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_refuses_too_few_tasks():
    with pytest.raises(ValueError, match="must be at most 1 for 4 tasks"):
        built(TrimmedMean(2), 4)
    with pytest.raises(ValueError, match="`trim_number` must be >= 0"):
        TrimmedMean(-1)
