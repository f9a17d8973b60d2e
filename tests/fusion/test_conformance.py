"""What every fusion does with parts that are there or not, and with rows in any order."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mtl_keras as mtl

from .fusion_cases import FUSIONS, model_of, vectors

MODELS = {name: model_of(build, width=8) for name, build in FUSIONS.items()}
ROWS = st.lists(st.lists(st.booleans(), min_size=2, max_size=2), min_size=5, max_size=5)


@pytest.mark.parametrize("name", FUSIONS)
@settings(max_examples=8, deadline=None)
@given(rows=ROWS, order=st.permutations(range(5)))
def test_absent_values_and_other_rows_have_no_influence(name, rows, order):
    model, present, order = MODELS[name], np.array(rows).T, np.array(order)
    x, other = vectors(), vectors(seed=7)
    found = np.array(model([*x, *present]))
    mixed = [np.where(there[:, None], a, b) for there, a, b in zip(present, x, other)]
    np.testing.assert_array_equal(model([*mixed, *present]), found)
    moved = model([*(each[order] for each in x), *(each[order] for each in present)])
    np.testing.assert_allclose(moved, found[order], rtol=1e-5, atol=1e-6)


def build(fuse):
    keras.utils.set_random_seed(0)
    image = keras.Input((4, 4, 1), name="m_image")
    words = keras.Input((3,), dtype="int32", name="m_text")
    picture = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(6)], name="picture")
    parts = {
        "image": mtl.fusion.optional(picture, image),
        "text": mtl.fusion.optional(mtl.text.embedding_branch(9, width=6), words),
    }
    joined = fuse(width=8, modality_dropout=0.3)(parts)
    model = mtl.MultiTaskModel([image, words], {"m": keras.layers.Dense(1)(joined)})
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile("adam", loss, weighting="equal", run_eagerly=True)
    return model


def rows():
    """Eight rows: two of each pattern of absence."""
    random = np.random.default_rng(0)
    image = random.random((8, 4, 4, 1), np.float32)
    text = random.integers(1, 9, (8, 3), dtype=np.int32)
    image[[0, 1, 2, 3]], text[[2, 3, 4, 5]] = np.nan, 0
    return {"m_image": image, "m_text": text}, {"m": np.array([0, 1] * 4)}


@pytest.mark.parametrize("fuse", FUSIONS.values(), ids=FUSIONS)
def test_trains_saves_and_answers_alike(fuse, tmp_path):
    model, (x, y) = build(fuse), rows()
    before = {v.path: v.numpy() for v in model.trainable_variables}
    assert np.isfinite(model.fit(x, y, batch_size=8, epochs=2, verbose=0).history["loss"]).all()
    moved = {v.path for v in model.trainable_variables if (v.numpy() != before[v.path]).any()}
    assert {path for path in before if "stand_in" in path} <= moved
    found = np.array(model(x)["m"])
    assert np.isfinite(found).all()
    # A row is answered alone as among the others.
    for row in (0, 2, 4, 6):
        alone = model({key: each[row : row + 1] for key, each in x.items()})["m"]
        np.testing.assert_allclose(alone, found[row : row + 1], rtol=1e-4, atol=1e-6)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(x)["m"], found)
