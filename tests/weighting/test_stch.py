import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp, softmax

from mtl_keras.weighting import STCH, ScaleInvariant, STCHLog

from .golden import loss_cases
from .slopes import built, differentiate

PLAIN = [case for case in loss_cases("stch") if "plain" in case["options"]["variant"]]
LOG = [case for case in loss_cases("stch") if "log" in case["options"]["variant"]]
LOSSES = st.lists(st.floats(2.0**-20, 2.0**20, width=32), min_size=1, max_size=5)
MUS = st.sampled_from([0.1, 1.0, 7.0])


def after(epochs, present=None, **options):
    """The form with a nadir, after epochs with the given mean losses."""
    method = built(STCHLog(**options), len(epochs[0]))
    for losses, there in zip(epochs, present or [[True] * len(epochs[0])] * len(epochs)):
        method.on_epoch_end(np.array(losses, "float32"), np.array(there))
    return method


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: len(case["losses"]))
def test_golden_of_the_paper_s_form(case):
    method = built(STCH(case["options"]["mu"]), len(case["losses"]))
    value, weights, _ = differentiate(method, case["losses"])
    np.testing.assert_allclose(value, case["value"], rtol=1e-5)
    np.testing.assert_allclose(weights, case["weights"], rtol=1e-5, atol=1e-30)


@pytest.mark.parametrize("case", LOG, ids=lambda case: len(case["losses"]))
def test_golden_of_the_code_s_form(case):
    method = after([case["options"]["nadir"]], mu=case["options"]["mu"], warmup_epoch=0)
    value, weights, _ = differentiate(method, case["losses"])
    np.testing.assert_allclose(value, case["value"], rtol=1e-5)
    np.testing.assert_allclose(weights, case["weights"], rtol=1e-5)


@settings(max_examples=20, deadline=None)
@given(LOSSES, MUS)
def test_paper_s_form_is_a_smooth_maximum(losses, mu):
    value, weights, _ = differentiate(built(STCH(mu), len(losses)), losses)
    scaled = np.array(losses) / len(losses)
    np.testing.assert_allclose(value, mu * logsumexp(scaled / mu), rtol=1e-5)
    assert scaled.max() * (1 - 1e-6) <= value
    assert value <= (scaled.max() + mu * np.log(len(losses))) * (1 + 1e-6)
    np.testing.assert_allclose(weights.sum(), 1 / len(losses), rtol=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(*[st.floats(2.0**-10, 2.0**10, width=32)] * 2), min_size=1, max_size=5))
def test_code_s_form_at_mu_of_one(pairs):
    losses, nadir = np.array(pairs).T
    _, weights, _ = differentiate(after([nadir], mu=1.0, warmup_epoch=0), losses)
    np.testing.assert_allclose(weights, len(losses) / nadir / (losses / nadir).sum(), rtol=1e-4)


def test_nadir_is_the_fifth_epoch():
    epochs = [[9.0, 9.0]] * 4 + [[2.0, 4.0], [1.0, 1.0]]
    losses = np.array([1.0, 3.0])
    plain = differentiate(built(ScaleInvariant(), 2), losses)
    for seen in (1, 4):
        value, weights, _ = differentiate(after(epochs[:seen]), losses)
        np.testing.assert_allclose(value, plain[0], rtol=1e-6)
        np.testing.assert_allclose(weights, plain[1], rtol=1e-6)
    for seen in (5, 6):
        _, weights, _ = differentiate(after(epochs[:seen]), losses)
        wanted = 2 * softmax(np.log(losses / epochs[4])) / losses
        np.testing.assert_allclose(weights, wanted, rtol=1e-5)


def test_warm_up_lasts_until_every_present_task_has_a_nadir():
    there = [[True, True, False]]
    method = after([[2.0, 4.0, 0.0]], there, warmup_epoch=0)
    _, weights, _ = differentiate(method, [1.0, 3.0, 5.0])
    np.testing.assert_allclose(weights, [1, 1 / 3, 1 / 5], rtol=1e-6)
    _, weights, _ = differentiate(method, [1.0, 3.0, np.nan], [True, True, False])
    wanted = 2 * softmax(np.log([1 / 2, 3 / 4])) / [1, 3]
    np.testing.assert_allclose(weights, [*wanted, 0], rtol=1e-5)


@pytest.mark.parametrize("method", [STCH(), STCHLog(warmup_epoch=0)])
def test_absent_tasks(method):
    method = built(method, 3)
    method.on_epoch_end(np.ones(3, "float32"), np.ones(3, bool))
    value, weights, _ = differentiate(method, [1.0, 3.0, 2.0], [False] * 3)
    assert value == 0
    np.testing.assert_array_equal(weights, [0, 0, 0])


def test_refuses_what_makes_no_sense():
    for cls in (STCH, STCHLog):
        for wrong in (0, -1, float("nan")):
            with pytest.raises(ValueError, match="`mu` must be > 0"):
                cls(mu=wrong)
    with pytest.raises(ValueError, match="`warmup_epoch` must be >= 0"):
        STCHLog(warmup_epoch=-1)
