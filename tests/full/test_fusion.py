"""Every fusion x absent part: trains, saves, loads, exports, always with the same answers."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import mtl_keras as mtl
from mtl_keras import saved
from tests.full.kept import Kept

KEPT = Kept("fusion", "fusion", "text", "trunks")
FUSIONS = [
    mtl.fusion.average_fusion,
    mtl.fusion.bilinear_fusion,
    mtl.fusion.concatenate_fusion,
    mtl.fusion.cross_attention_fusion,
    mtl.fusion.gated_fusion,
]
ABSENT = {  # which rows of a batch of 8 lack a picture, and which a text
    "nothing": ([], []),
    "some": ([0, 1, 2], [2, 5]),
    "image": (range(8), []),
    "text": ([], range(8)),
    "both": (range(8), range(8)),
}
CASES = [
    (fuse, absent, jit)
    for fuse, absent, jit in itertools.product(FUSIONS, ABSENT, (False, True))
    if absent == "some" or not jit  # XLA compiles one graph for all patterns
]
WORDS = ["red", "green", "dog", "cat"]


def data(absent):
    """(inputs, labels, pictures, texts) of eight rows, the last two as a client has them."""
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (8, 8, 8, 3), "uint8")
    texts = [" ".join(random.choice(WORDS, 3)) for _ in range(8)]
    without_image, without_text = (list(rows) for rows in ABSENT[absent])
    image = np.float32(pictures) / 255
    image[without_image] = np.nan
    texts = ["" if row in without_text else text for row, text in enumerate(texts)]
    words = vectorizer()(texts).numpy().astype("int32")
    return {"m_image": image, "m_text": words}, {"m": np.arange(8) % 2}, pictures, texts


def vectorizer():
    return keras.layers.TextVectorization(vocabulary=WORDS, output_sequence_length=4)


def build(fuse, jit):
    image = keras.Input((8, 8, 3), name="m_image")
    words = keras.Input((4,), dtype="int32", name="m_text")
    parts = {
        "image": mtl.fusion.optional(mtl.trunks.conv_trunk(2, dropout=0.2), image),
        "text": mtl.fusion.optional(mtl.text.embedding_branch(6, width=8), words),
    }
    joined = fuse(8, modality_dropout=0.3)(parts)
    model = mtl.MultiTaskModel(
        [image, words],
        {"m": keras.layers.Dense(1)(joined)},
        preprocess={"m_text": vectorizer()},
    )
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile("adamw", loss, metrics=["accuracy"], jit_compile=jit)
    return model


def answers(export, absent, pictures, texts):
    """Probabilities by the signatures that fit what is there."""
    tasks = saved.load(export)
    if absent == "image":
        return tasks.predict("m", texts=texts)[1]
    if absent == "text":
        return tasks.predict("m", pictures=pictures)[1]
    return tasks.predict("m", pictures=pictures, texts=texts)[1]


@pytest.mark.full
@pytest.mark.parametrize(("fuse", "absent", "jit"), CASES)
def test_trains_saves_exports_and_answers_alike(fuse, absent, jit, tmp_path):
    name = f"{fuse.__name__} without {absent} jit={jit}"
    if name in KEPT:
        return
    model, (x, y, pictures, texts) = build(fuse, jit), data(absent)
    history = model.fit(x, y, batch_size=8, epochs=3, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert all(np.isfinite(v.numpy()).all() for v in model.variables if v.dtype == "float32")
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    logits = model.predict(x, verbose=0)["m"]
    loaded = float(np.abs(again.predict(x, verbose=0)["m"] - logits).max())
    assert loaded == 0.0
    case = {"loss": history["loss"], "largest_difference_after_loading": loaded}
    if absent in ("nothing", "image", "text"):  # what a client can say for a whole batch
        again.export(tmp_path / "export")
        found = answers(str(tmp_path / "export"), absent, pictures, texts)
        wanted = tf.sigmoid(logits[:, 0]).numpy()
        case["largest_difference_of_the_export"] = float(np.abs(found[:, 1] - wanted).max())
        assert case["largest_difference_of_the_export"] < 1e-5
    for each in (model, again):
        each.fit(x, y, batch_size=8, epochs=4, initial_epoch=3, verbose=0)
    pairs = zip(model.trainable_variables, again.trainable_variables)
    assert max(float(np.abs(v.numpy() - w.numpy()).max()) for v, w in pairs) == 0.0
    KEPT.add(name, case)
