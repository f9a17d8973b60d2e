"""The model that is made for any data."""

import keras
import numpy as np
import pytest

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
    """Before training, both parts of the joined features vary alike between rows."""
    model = shared_model(data, width=8)
    joined = model.get_layer("match_joined")
    features = keras.Model(model.input, joined.output).predict(data.test.take(4), verbose=0)
    picture, text, product = features.reshape(len(features), 3, 64).transpose(1, 0, 2)
    assert 0.5 < picture.std() / text.std() < 2
    np.testing.assert_allclose(product, picture * text, rtol=1e-5)


def test_data_without_texts_or_pictures(data):
    assert shared_model(data.only("digits"), width=2).tasks == ["digits"]
    assert shared_model(data.only("topics")).tasks == ["topics"]
