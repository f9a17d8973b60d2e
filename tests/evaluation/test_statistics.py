import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mtl_keras.evaluation.statistics import delta_m, interval, paired_difference, standard_error

values = st.floats(0.01, 100)
samples = st.lists(values, min_size=2, max_size=12)


@given(samples, st.floats(0.5, 0.99))
def test_interval_is_the_one_sample_t_interval(sample, confidence):
    found = interval(sample, confidence)
    assert found.mean == pytest.approx(np.mean(sample))
    if np.std(sample) > 1e-6:
        expected = stats.ttest_1samp(sample, 0).confidence_interval(confidence)
        assert found[1:] == pytest.approx((expected.low, expected.high))


def test_interval_of_one_value_has_no_bounds():
    mean, low, high = interval([0.5])
    assert mean == 0.5
    assert math.isnan(low)
    assert math.isnan(high)


@pytest.mark.parametrize("sample", [[], 0.5, [[1.0, 2.0]]])
def test_interval_refuses(sample):
    with pytest.raises(ValueError, match="`values`"):
        interval(sample)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_interval_refuses_confidence(confidence):
    with pytest.raises(ValueError, match="`confidence`"):
        interval([1.0, 2.0], confidence)


@given(st.lists(st.tuples(values, values), min_size=2, max_size=12))
def test_paired_difference_is_the_paired_t_interval(pairs):
    a, b = np.array(pairs).T
    found = paired_difference(a, b)
    if np.std(a - b) > 1e-6:
        expected = stats.ttest_rel(a, b).confidence_interval(0.95)
        assert found == pytest.approx((np.mean(a - b), expected.low, expected.high))


def test_pairing_removes_what_both_sides_share():
    shared = np.array([0.1, 0.5, 0.9])
    assert paired_difference(shared + 0.01, shared) == pytest.approx((0.01, 0.01, 0.01))
    with pytest.raises(ValueError, match="same order"):
        paired_difference([1.0, 2.0], [1.0])


def test_standard_error_is_the_binomial_one():
    assert standard_error(0.83, 400) == pytest.approx(stats.binom(400, 0.83).std() / 400)
    for accuracy, examples in ((1.2, 10), (-0.1, 10), (0.5, 0)):
        with pytest.raises(ValueError, match="Argument"):
            standard_error(accuracy, examples)


tasks = st.dictionaries(
    st.sampled_from("abcdef"), st.tuples(values, values, st.booleans()), min_size=1
)


@given(tasks)
def test_delta_m_is_the_mean_of_signed_relative_changes(table):
    multi, single, better = ({t: row[i] for t, row in table.items()} for i in range(3))
    signed = [(m - s) / s if up else (s - m) / s for m, s, up in table.values()]
    assert delta_m(multi, single, better) == pytest.approx(100 * np.mean(signed), abs=1e-9)


@given(values, st.floats(0.01, 1))
def test_delta_m_is_positive_where_multi_is_better(single, gain):
    """More accuracy and less error are both an improvement."""
    up, down = {"a": single * (1 + gain)}, {"a": single * (1 - gain)}
    assert delta_m(up, {"a": single}, True) == pytest.approx(100 * gain)
    assert delta_m(down, {"a": single}, False) == pytest.approx(100 * gain)
    assert delta_m(up, {"a": single}, {"a": False}) == pytest.approx(-100 * gain)


@given(values, st.floats(0.01, 1))
def test_delta_m_of_negative_metrics_keeps_its_sign(single, gain):
    """A log-likelihood that rises from -2 to -1 is better, although its ratio falls."""
    assert delta_m({"a": -single * (1 - gain)}, {"a": -single}) == pytest.approx(100 * gain)


def test_delta_m_of_a_published_table():
    """Shi et al. (ICLR 2023), table 1: the joint model on Multi-Fashion+MNIST, -0.94 and -1.71."""
    single = {"T1": 98.37, "T2": 89.63}
    assert delta_m({"T1": 97.42, "T2": 88.82}, single) == pytest.approx(-0.94, abs=0.01)
    assert delta_m({"T1": 95.19, "T2": 89.46}, single) == pytest.approx(-1.71, abs=0.01)


def test_delta_m_corner_cases():
    assert math.isnan(delta_m({"a": 1.0}, {"a": 0.0}))
    for multi, single in (({}, {}), ({"a": 1.0}, {"b": 1.0})):
        with pytest.raises(ValueError, match="same tasks"):
            delta_m(multi, single)
