"""Disturbed pictures."""

import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.experiments.disturbances import LEVELS, disturb

PICTURES = np.random.default_rng(0).uniform(0.3, 0.6, (40, 28, 28, 1)).astype("float32")


def disturbed(kind, level, pictures=PICTURES):
    rows = tf.data.Dataset.from_tensor_slices(({"x": pictures}, {"y": np.arange(len(pictures))}))
    batches = list(disturb(rows.batch(16), kind, level))
    assert [int(y["y"][0]) for _, y in batches] == [0, 16, 32]
    return np.concatenate([x["x"] for x, _ in batches])


@pytest.mark.parametrize("kind", LEVELS)
def test_the_same_at_each_pass_and_in_range(kind):
    first, again = (disturbed(kind, LEVELS[kind][-1]) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.min() >= 0
    assert first.max() <= 1
    assert not np.allclose(first, PICTURES)


def test_noise_has_the_standard_deviation_of_its_level():
    change = disturbed("noise", 0.05) - PICTURES
    assert change.std() == pytest.approx(0.05, rel=0.03)
    assert not np.allclose(change[0], change[16])


def test_occlusion_covers_one_square_in_each_picture():
    covered = disturbed("occlusion", 0.5)[..., 0] == 0
    assert (covered.sum(axis=(1, 2)) == 14 * 14).all()
    assert len({tuple(np.argwhere(each)[0]) for each in covered}) > 20
    for each in covered[:5]:
        (top, left), (bottom, right) = np.argwhere(each)[0], np.argwhere(each)[-1]
        assert (bottom - top, right - left) == (13, 13)


def test_brightness_is_added_and_cut():
    np.testing.assert_allclose(disturbed("brightness", 0.5), np.minimum(PICTURES + 0.5, 1))


def test_blur_smooths():
    assert disturbed("blur", 1.5).std() < 0.3 * PICTURES.std()


@pytest.mark.parametrize("kind", LEVELS)
def test_absent_pictures_stay_absent_and_other_inputs_as_they_are(kind):
    absent = PICTURES.copy()
    absent[3] = np.nan
    found = disturbed(kind, LEVELS[kind][0], absent)
    assert np.isnan(found[3]).all()
    assert np.isfinite(np.delete(found, 3, axis=0)).all()
    texts = tf.data.Dataset.from_tensors(({"ids": tf.ones((2, 5), "int32")}, {}))
    inputs, _ = next(iter(disturb(texts, kind, 0.5)))
    np.testing.assert_array_equal(inputs["ids"], np.ones((2, 5)))
