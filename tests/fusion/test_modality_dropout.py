import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import mtl_keras as mtl
from mtl_keras.fusion import ModalityDropout, concatenate_fusion

MASKS = st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=20)


def drop(layer, masks, training=True):
    columns = [tf.constant(column) for column in np.array(masks).T]
    return np.stack(layer(columns, training=training), axis=1)


@settings(max_examples=40, deadline=None)
@given(MASKS, st.sampled_from([0.0, 0.3, 0.99]), st.integers(0, 99))
def test_takes_only_what_is_there_and_never_the_last(masks, rate, seed):
    masks = np.array(masks)
    layer = ModalityDropout(rate, seed=seed)
    found = drop(layer, masks)
    assert not (found & ~masks).any()
    np.testing.assert_array_equal(found.any(axis=1), masks.any(axis=1))
    np.testing.assert_array_equal(drop(layer, masks, training=False), masks)
    if rate == 0:
        np.testing.assert_array_equal(found, masks)


@pytest.mark.parametrize(("parts", "rate"), [(2, 0.25), (3, 0.5)])
def test_each_part_goes_equally_often(parts, rate):
    rows = 40_000
    found = drop(ModalityDropout(rate, seed=0), np.ones((rows, parts), bool))
    wanted = rate - rate**parts  # Where all would go, none does.
    error = 5 * np.sqrt(wanted * (1 - wanted) / rows)
    np.testing.assert_allclose(1 - found.mean(axis=0), wanted, rtol=0, atol=error)
    both = (~found[:, 0] & ~found[:, 1]).mean()
    assert both == pytest.approx(rate**2 * (1 - rate ** (parts - 2)) if parts > 2 else 0, abs=0.02)


def test_the_draws_go_on_where_they_were_saved(tmp_path):
    inputs = [keras.Input((4,), name=name) for name in "ab"]
    joined = concatenate_fusion(8, modality_dropout=0.4)(inputs)
    model = mtl.MultiTaskModel(inputs, {"t": joined})
    rows = list(np.random.default_rng(0).normal(size=(2, 50, 4)))
    before = np.array(model(rows, training=True)["t"])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    after = np.array(model(rows, training=True)["t"])
    np.testing.assert_array_equal(again(rows, training=True)["t"], after)
    assert (before != after).any()


def test_a_rate_out_of_range():
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\)\. Received: rate=1"):
        ModalityDropout(1)
