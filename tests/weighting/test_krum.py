import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting import Krum

from .directions import assert_as_if_absent, built, compiled, near, weigh
from .golden import aggregations
from .weighting_cases import KINDS, jacobians

SEEDS = st.integers(0, 2**31)


def scores(jacobian, n_byzantine=0):
    """The sums of the smallest squared distances, from the gradients themselves."""
    square = ((jacobian[:, None] - jacobian[None]) ** 2).sum(-1)
    count = len(jacobian) - n_byzantine - 2
    return np.array([np.sort(np.delete(row, i))[:count].sum() for i, row in enumerate(square)])


@pytest.mark.parametrize(
    ("name", "jacobian", "losses", "options", "wanted"),
    [pytest.param(*case, id=f"{case[0]}-{case[3]}") for case in aggregations("krum")],
)
def test_golden(name, jacobian, losses, options, wanted):
    # One distance a score, or one task far from the others: squares make no difference here.
    assert near(jacobian, weigh(built(Krum, len(jacobian), **options), jacobian), wanted)


@settings(max_examples=30, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    seed=SEEDS,
    options=st.sampled_from([{}, {"n_byzantine": 1}, {"n_byzantine": 2, "n_selected": 3}]),
)
def test_averages_the_lowest_scores(kind, seed, options):
    jacobian = jacobians(kind, 6, 9, seed).astype(np.float64)
    weights = weigh(compiled(Krum, 6, **options), jacobian)
    count = options.get("n_selected", 1)
    np.testing.assert_allclose(np.sort(weights)[::-1], [1 / count] * count + [0] * (6 - count))
    found = scores(jacobian, options.get("n_byzantine", 0))
    # Scores that differ by rounding only may come in either order.
    tiny = 1e-12 * (jacobian**2).sum()
    assert found[weights > 0].max() <= np.sort(found)[count - 1] + tiny


def test_squares_choose_another_task_than_distances():
    jacobian = np.array([[4.0, 0.0], [1.0, 3.0], [3.0, 2.0], [1.0, 0.0], [2.0, 3.0]])
    distances = np.linalg.norm(jacobian[:, None] - jacobian, axis=-1)
    assert np.argmin(np.sort(distances)[:, 1:4].sum(1)) == 4
    np.testing.assert_array_equal(weigh(built(Krum, 5), jacobian), [0, 0, 1, 0, 0])


def test_of_equal_scores_the_first_wins():
    jacobian = aggregations("krum")[0][1]
    np.testing.assert_array_equal(weigh(built(Krum, 3), jacobian), [1, 0, 0])
    np.testing.assert_array_equal(weigh(built(Krum, 3), np.zeros((3, 2))), [1, 0, 0])


def test_absent_tasks():
    assert_as_if_absent(Krum)
    assert_as_if_absent(Krum, n_selected=2)
    jacobian = np.array([[1.0, 0.0], [9.0, 9.0], [1.0, 1.0]])
    for present, wanted in (([1, 1, 0], [0.5, 0.5, 0]), ([0, 1, 0], [0, 1, 0])):
        found = weigh(built(Krum, 3, n_selected=2), jacobian, present=np.array(present, bool))
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"n_byzantine": -1},
            "`n_byzantine` must be a whole number >= 0.*n_byzantine=-1",
        ),
        ({"n_selected": 0}, "`n_selected` must be a whole number >= 1.*n_selected=0"),
        ({"n_byzantine": 1}, "needs 4 tasks or more. Received: 3 tasks"),
        ({"n_selected": 4}, "`n_selected` must be at most the number of tasks, 3"),
    ],
)
def test_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        built(Krum, 3, **options)
