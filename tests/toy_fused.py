"""A small fused task that can do without its picture or its text, for the tests of the export."""

import functools
import os
import tempfile

import keras
import numpy as np
import tensorflow as tf

import mtl_keras as mtl

WORDS = ["red", "green", "dog", "cat"]


def build():
    """Returns the model: `fit` joins a picture and a text, `tag` reads the text without fail."""
    layers = keras.layers
    image = keras.Input((6, 6, 3), name="pair_image")
    words = keras.Input((4,), dtype="int32", name="pair_text")
    note = keras.Input((3,), dtype="int32", name="note_text")
    text = mtl.text.embedding_branch(len(WORDS) + 2, width=4)
    parts = {
        "image": mtl.fusion.optional(mtl.trunks.conv_trunk(2), image),
        "text": mtl.fusion.optional(text, words),
    }
    outputs = {
        "fit": layers.Dense(1)(mtl.fusion.gated_fusion(4)(parts)),
        "tag": layers.Dense(3)(layers.Concatenate()([parts["image"].features, text(note)])),
    }
    vectorize = functools.partial(layers.TextVectorization, vocabulary=WORDS)
    model = mtl.MultiTaskModel(
        [image, words, note],
        outputs,
        preprocess={
            "pair_text": vectorize(output_sequence_length=4),
            "note_text": vectorize(output_sequence_length=3),
        },
        class_names={"fit": ["no", "yes"]},
    )
    random = np.random.default_rng(1)
    for variable in model.variables:
        if variable.dtype == "float32":
            low = 0.1 if "_bn" in variable.path else -1.0
            variable.assign(random.uniform(low, 1.0, variable.shape))
    return model


@functools.cache
def exported():
    """Returns (model, path of its export)."""
    model = build()
    path = os.path.join(tempfile.mkdtemp(), "fused")
    model.export(path)
    return model, path


def probabilities(model, images=None, texts=None):
    """What the Python model says of uint8 pictures of its own size and texts, or of one kind."""
    rows = len(images if texts is None else texts)
    x = np.full((rows, 6, 6, 3), np.nan, "float32")
    words = np.zeros((rows, 4), "int32")
    if images is not None:
        x = np.float32(images) / 255
    if texts is not None:
        words = model.preprocess["pair_text"](texts)
    inputs = {"pair_image": tf.convert_to_tensor(x), "pair_text": tf.convert_to_tensor(words)}
    logits = model.task("fit")(inputs)
    yes = 1 / (1 + np.exp(-np.float64(logits)))
    return np.concatenate([1 - yes, yes], axis=1)
