"""A small model with every kind of input and output, for the tests of the export."""

import functools
import json
import os
import tempfile

import keras
import numpy as np
import tensorflow as tf

import mtl_keras as mtl

TEXTS = ["Red dog!", "small, small cat", ""]
TITLES = ["big", "Blue green red dog", "dog"]
WORDS = ["red", "green", "blue", "big", "small", "dog"]
CARD = {
    "data": {"zeta": {"set": "toy/zeta", "train": 12345, "official_train": 60000}},
    "metrics": {"zeta_accuracy": np.float32(0.987), "alpha_loss": float("nan")},
    "Limits": "Made for | tests.",
}


def build():
    """Returns the model; its tasks are in no alphabetical order on purpose."""
    layers = keras.layers
    x = {
        "zeta_image": keras.Input((8, 6, 1), name="zeta_image"),
        "photo": keras.Input((6, 6, 3), name="photo"),
        "note_text": keras.Input((6,), dtype="int32", name="note_text"),
        "title_text": keras.Input((3,), dtype="int32", name="title_text"),
        "numbers": keras.Input((2,), name="numbers"),
    }
    text = mtl.text.embedding_branch(len(WORDS) + 2, width=4)
    zeta, photo = _features(x["zeta_image"]), _features(x["photo"])
    note, title = text(x["note_text"]), text(x["title_text"])
    join = layers.Concatenate
    outputs = {
        "zeta": layers.Dense(3)(zeta),
        "alpha": layers.Dense(1)(zeta),
        "topics": layers.Dense(4)(note),
        "tags": layers.Dense(3)(join()([note, title])),
        "match": layers.Dense(1)(join()([zeta, title])),
        "colour": layers.Dense(5, "softmax")(photo),
        "pair": layers.Dense(2)(join()([photo, zeta])),
        "score": layers.Dense(1, "sigmoid")(x["numbers"]),
        "feature": layers.Dense(2)(x["numbers"]),
    }
    text_layer = functools.partial(layers.TextVectorization, vocabulary=WORDS)
    model = mtl.MultiTaskModel(
        x,
        outputs,
        preprocess={
            "zeta_image": keras.Sequential(
                [layers.Resizing(8, 6, antialias=True), layers.Rescaling(1 / 255)]
            ),
            "note_text": text_layer(output_sequence_length=6),
            "title_text": text_layer(output_sequence_length=3),
        },
        class_names={
            "zeta": ["čtverec", "kruh", "jiné"],
            "tags": ["loud", "long", "late"],
            "match": ["no", "yes"],
        },
    )
    _randomise(model)
    sparse = keras.losses.SparseCategoricalCrossentropy
    binary = keras.losses.BinaryCrossentropy
    losses = {
        "zeta": sparse(from_logits=True),
        "alpha": "mse",
        "topics": sparse(from_logits=True),
        "tags": binary(from_logits=True),
        "match": binary(from_logits=True),
        "colour": sparse(),
        "pair": sparse(from_logits=True),
        "score": binary(),
        "feature": None,
    }
    model.compile("adam", loss=losses)
    return model


def _features(picture):
    x = keras.layers.Conv2D(3, 3, use_bias=False)(picture)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    return keras.layers.GlobalMaxPooling2D()(x)


def _randomise(model):
    """Batch normalisation must not be the identity, nor answers all the same."""
    generator = np.random.default_rng(1)
    for variable in model.variables:
        if variable.dtype == "float32":
            low = 0.1 if "batch_normalization" in variable.path else -1.0
            variable.assign(generator.uniform(low, 1.0, variable.shape))


def pictures(*shape, seed=2):
    """Returns uint8 pictures."""
    return np.random.default_rng(seed).integers(0, 256, shape, "uint8")


@functools.cache
def exported():
    """Returns (model, path of its export)."""
    model = build()
    path = os.path.join(tempfile.mkdtemp(), "toy")
    model.export(path, card=CARD)
    return model, path


def labels(path):
    with open(os.path.join(path, "labels.json"), encoding="utf-8") as file:
        return json.load(file)


def expected(model, task, **raw):
    """What the Python model says of raw values, prepared by plain Keras."""
    for name, layer in model.preprocess.items():
        if name in raw:
            raw[name] = layer(tf.constant(raw[name]))
    if "photo" in raw:
        raw["photo"] = keras.ops.image.resize(np.float32(raw["photo"]), (6, 6), antialias=True)
        raw["photo"] /= 255
    bare = next(iter(raw.values())) if len(raw) == 1 else raw
    return np.array(model.task(task)(bare, training=False))


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)


def text(tensor):
    return [x.decode() for x in tensor.numpy()]
