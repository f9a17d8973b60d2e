import numpy as np
import pytest

from mtl_keras.weighting import DBMTL, DBMTLAveraged

from .directions import built as built_gramian
from .directions import direct
from .golden import GOLDEN
from .weighting_cases import jacobians

CASES = [case for case in GOLDEN["stateful"] if case["method"] == "db_mtl"]


def built(tasks, size, **options):
    method = DBMTLAveraged(**options)
    method.build([f"task{index}" for index in range(tasks)], size=size)
    return method


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["jacobian"])
def test_golden_over_two_steps(case):
    options = case["options"]
    steps = list(zip(options["jacobians"], options["losses"], case["vectors"], strict=True))
    method = built(*np.shape(steps[0][0]))
    for jacobian, losses, wanted in steps:
        found = method(losses=np.float32(losses), jacobian=np.float32(jacobian)).numpy()
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max())


def test_without_averages_it_is_db_mtl():
    losses = np.array([0.5, 2.0, 1.0])
    method = built(3, 9, beta=0.0)
    for seed in range(3):
        jacobian = jacobians("conflicting", 3, 9, seed)
        wanted = direct(built_gramian(DBMTL, 3), jacobian, losses)
        found = method(losses=np.float32(losses), jacobian=jacobian)
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_decaying_beta_counts_the_steps_of_each_task():
    method = built(2, 2, beta=0.5, beta_sigma=1.0)
    ones, rows = np.ones(2, np.float32), np.eye(2, dtype=np.float32)
    method(losses=ones, jacobian=rows)
    method(losses=ones, jacobian=rows, present=[True, False])
    averages = np.diag(np.array(method.averages))
    # 0.5 h; then h + 0.25 (0.5 h - h) for the first task.
    np.testing.assert_allclose(averages, [0.875, 0.5], rtol=1e-6)
    np.testing.assert_array_equal(method.updates, [2, 1])


def test_gradients_that_are_not_finite_leave_the_averages():
    method = built(2, 2)
    rows = np.eye(2, dtype=np.float32)
    method(losses=np.ones(2, np.float32), jacobian=rows)
    before = np.array(method.averages)
    method(losses=np.ones(2, np.float32), jacobian=np.nan * rows)
    np.testing.assert_array_equal(method.averages, before)
    assert int(method.failures) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [({"beta": 1.0}, "`beta` must.*beta=1.0"), ({"beta_sigma": -1}, "`beta_sigma` must.*=-1")],
)
def test_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        DBMTLAveraged(**options)
