"""The model that is made for any data."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import mtl_keras as mtl
from mtl_keras.presets import shared_model


@pytest.fixture(scope="module")
def data():
    return mtl.data.load(
        digits="sample/digits", topics="sample/headlines", match="sample/captions",
        batch_size=8, examples=16,
    )  # fmt: skip


def test_what_is_shared_and_what_is_not(data):
    model = shared_model(data, width=2, text_width=4, fusion_width=8)
    assert model.tasks == data.tasks
    assert model.task_inputs == data.task_inputs
    assert {task: model.output[task].shape for task in model.tasks} == {
        "digits": (None, 10), "topics": (None, 4), "match": (None, 1),
    }  # fmt: skip
    by_task = {
        task: {w.path for w in keras.Model(model.input, model.output[task]).trainable_weights}
        for task in model.tasks
    }
    shared = by_task["digits"] & by_task["match"]
    kernels = {path for path in by_task["digits"] if "conv_trunk" in path and "_bn" not in path}
    assert shared == {path for path in kernels if "stem" not in path}  # 1 and 3 channels
    assert {p.split("/")[0] for p in by_task["topics"] & by_task["match"]} == {
        "embedding_branch_vectors"
    }


def test_it_trains_saves_and_knows_names(data, tmp_path):
    data = data.only("match")
    model = shared_model(data, width=2)
    model.compile("adam", loss=data.losses, metrics=data.metrics)
    model.fit(data.train, epochs=1, verbose=0)
    path = tmp_path / "model.keras"
    model.save(path)
    again = keras.saving.load_model(path)
    assert again.class_names == data.class_names
    assert set(again.preprocess) == set(data.inputs())
    inputs, _ = next(iter(data.test))
    expected, found = model(inputs), again(inputs)
    for task in data.tasks:
        np.testing.assert_array_equal(found[task], expected[task])


def test_no_input_of_a_fused_task_drowns_the_other(data):
    """Before training, another picture changes the joined features as much as another text."""
    model = shared_model(data, width=8)
    product = keras.Model(model.input, model.get_layer("match_product_product").output)
    rows = next(iter(data.test.rebatch(64)))[0]
    before = product.predict(rows, verbose=0)
    moved = {}
    for name in data.task_inputs["match"]:
        other = {**rows, name: tf.roll(rows[name], 1, axis=0)}
        moved[name] = np.abs(product.predict(other, verbose=0) - before).mean()
    assert 1 / 3 < moved["match_image"] / moved["match_text"] < 3


def test_data_without_texts_or_pictures(data):
    assert shared_model(data.only("digits"), width=2).tasks == ["digits"]
    assert shared_model(data.only("topics")).tasks == ["topics"]
