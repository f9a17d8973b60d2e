import keras
import numpy as np
import pytest
import tensorflow as tf

import mtl_keras as mtl
from mtl_keras.data import CutMix, MixUp, OneHot, set_epoch

SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
CATEGORICAL = keras.losses.CategoricalCrossentropy(from_logits=True)
BINARY = keras.losses.BinaryCrossentropy(from_logits=True)
INPUTS = {"kind": ["image"], "odd": ["image"], "topic": ["text"], "match": ["image", "text"]}
LOSSES = {"kind": CATEGORICAL, "odd": BINARY, "topic": SPARSE, "match": BINARY}


def batches(steps=3, rows=6, weights=False):
    """Pictures of one value each, which tells their row."""
    size = steps * rows
    values = np.arange(1, size + 1, dtype="float32")
    inputs = {
        "image": np.broadcast_to(values[:, None, None, None], (size, 4, 5, 1)),
        "other": np.broadcast_to(values[:, None, None, None], (size, 4, 5, 1)),
        "text": np.ones((size, 3), "int32"),
    }
    labels = {"kind": np.eye(size, dtype="float32"), "odd": np.arange(size) % 2}
    parts = (inputs, labels, {"kind": values}) if weights else (inputs, labels)
    return tf.data.Dataset.from_tensor_slices(parts).batch(rows, drop_remainder=True)


def images(dataset, name="image"):
    return [inputs[name].numpy() for inputs, *_ in dataset]


@pytest.mark.parametrize("mix", [MixUp, CutMix])
def test_a_function_of_seed_epoch_step_and_input(mix):
    inputs = {"kind": ["image"], "size": ["other"]}
    losses = {"kind": CATEGORICAL, "size": BINARY}
    mixed = batches().apply(mix(inputs, losses, alpha=1.0, seed=3))
    first = images(mixed)
    np.testing.assert_array_equal(images(mixed), first)
    np.testing.assert_array_equal(images(mixed.skip(2)), first[2:])
    alone = batches().apply(mix(inputs, losses, tasks=["kind"], alpha=1.0, seed=3))
    np.testing.assert_array_equal(images(alone), first)
    np.testing.assert_array_equal(images(alone, "other"), images(batches(), "other"))
    assert not np.array_equal(images(mixed, "other"), first)
    other = batches().apply(mix(inputs, losses, alpha=1.0, seed=4))
    assert not np.array_equal(images(other), first)
    set_epoch(1)
    assert not np.array_equal(images(mixed), first)
    set_epoch(0)
    np.testing.assert_array_equal(images(mixed), first)
    changes = [found - whole for found, whole in zip(first, images(batches()))]
    assert not np.allclose(changes[0], changes[1])


def test_length_and_static_shapes_stay():
    mixed = batches().apply(MixUp({"kind": ["image"]}, LOSSES))
    assert len(mixed) == 3
    specs = tf.nest.flatten(mixed.element_spec)
    assert all(spec.shape.is_fully_defined() for spec in specs)
    unknown = (
        batches()
        .unbatch()
        .filter(lambda *_: True)
        .batch(4)
        .apply(MixUp({"kind": ["image"]}, LOSSES))
    )
    assert [len(image) for image in images(unknown)] == [4, 4, 4, 4, 2]


@pytest.mark.parametrize("mix", [MixUp, CutMix])
def test_a_label_missing_in_either_picture_is_missing(mix):
    def holes(inputs, labels):
        return inputs, {
            "kind": tf.where(tf.range(6)[:, None] < 2, np.nan, labels["kind"]),
            "odd": tf.where(tf.range(6) == 0, tf.constant(-1, tf.int64), labels["odd"]),
        }

    mixer = mix({"kind": ["image"], "odd": ["image"]}, LOSSES, alpha=1.0)
    whole = [labels for _, labels in batches(steps=20).apply(mixer)]
    holed = [labels for _, labels in batches(steps=20).map(holes).apply(mixer)]
    gone = {"kind": 0, "odd": 0}
    for before, after in zip(whole, holed):
        for task, first in (("kind", 2), ("odd", 1)):
            own = np.arange(6) < first
            missing = np.isnan(after[task].numpy()).reshape(6, -1).all(axis=1)
            assert missing[own].all()
            gone[task] += missing[~own].sum()
            np.testing.assert_array_equal(after[task][~missing], before[task][~missing])
    # A partner is one of six rows: of 20 times 4 and 5 others a third and a sixth.
    assert 14 < gone["kind"] < 40
    assert 7 < gone["odd"] < 27


def test_sample_weights_are_mixed_and_zero_stays_zero():
    mixed = batches(weights=True).map(
        lambda x, y, w: (x, y, {"kind": tf.where(w["kind"] % 3 == 0, 0.0, w["kind"])})
    )
    for inputs, labels, weights in mixed.apply(MixUp({"kind": ["image"]}, LOSSES, alpha=1.0)):
        share = labels["kind"].numpy()
        value = share @ np.arange(1, 19)
        np.testing.assert_allclose(value, inputs["image"][:, 0, 0, 0], rtol=1e-5)
        none = (share * (np.arange(1, 19) % 3 == 0)).any(axis=1)
        np.testing.assert_allclose(weights["kind"], np.where(none, 0, value), rtol=1e-5)


def test_tasks_of_loaded_data_train_and_validate_with_vectors():
    data = mtl.data.load(digits="sample/digits", topics="sample/headlines", batch_size=32)
    x = data.inputs()
    outputs = {
        "digits": keras.layers.Dense(10)(keras.layers.Flatten()(x["digits_image"])),
        "topics": keras.layers.Dense(data.outputs["topics"])(
            keras.layers.GlobalMaxPooling1D()(
                keras.layers.Embedding(data.vocabulary_size, 4)(x["topics_text"])
            )
        ),
    }
    model = mtl.MultiTaskModel(x, outputs)
    losses = {**data.losses, "digits": CATEGORICAL}
    model.compile("adam", losses, metrics="accuracy", jit_compile=False)
    vectors = OneHot({"digits": 10})
    mix = MixUp(model.task_inputs, losses, tasks=["digits"])
    train = data.train.map(vectors).apply(mix)
    logs = model.fit(train.take(3), validation_data=data.validation.map(vectors).take(2), verbose=0)
    assert np.isfinite([values[0] for values in logs.history.values()]).all()
    assert {"digits_accuracy", "val_digits_accuracy", "topics_loss"} <= set(logs.history)


@pytest.mark.parametrize("mix", [MixUp, CutMix])
@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        (None, "Task 'match' joins image, text: a mixture of two pictures"),
        (["kind", "odd"], "Task 'match' sees 'image', too, so that its labels change with it"),
        (["kinds"], "Unknown task in `tasks`: 'kinds'. Did you mean 'kind'"),
    ],
)
def test_tasks_that_do_not_fit(mix, tasks, message):
    with pytest.raises(ValueError, match=message):
        mix(INPUTS, LOSSES, tasks=tasks)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": 0}, "`alpha` must be > 0. Received: alpha=0"),
        ({"alpha": float("nan")}, "`alpha` must be > 0"),
        ({"losses": {}}, "Unknown task in `losses`: 'kind'"),
        ({"losses": {"kind": "crossentropie"}}, "Task 'kind': unknown loss"),
    ],
)
def test_bad_arguments(arguments, message):
    arguments = {"losses": LOSSES, **arguments}
    with pytest.raises(ValueError, match=message):
        MixUp({"kind": ["image"]}, **arguments)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"topic": ["text"]}, "'topic': MixUp mixes pictures, floats .*Received: 'text', int32"),
        ({"topic": ["picture"]}, "Unknown input in the batches: 'picture'"),
    ],
)
def test_inputs_that_are_no_float_pictures(inputs, message):
    with pytest.raises(ValueError, match=message):
        batches().apply(MixUp(inputs, LOSSES))
