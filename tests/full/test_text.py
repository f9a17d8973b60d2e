"""Every text branch in a model of two tasks that is trained, saved, loaded and exported."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import mtl_keras as mtl
from mtl_keras import text
from tests.full.kept import Kept

pytestmark = pytest.mark.full
KEPT = Kept("text", "text", "weighting")
WORDS = list("abcdefghij")
BRANCHES = {
    "bag of words": lambda ids: text.bag_of_words(ids, pairs=50, normalize=True),
    "embedding": lambda ids: text.embedding_branch(ids, width=8),
    "text CNN": lambda ids: text.text_cnn(ids, width=8, filters=4),
    "GRU": lambda ids: text.recurrent(ids, width=8, units=4),
    "LSTM": lambda ids: text.recurrent(ids, width=8, units=4, cell="lstm", pooling="last"),
    "mean": lambda ids: text.recurrent(ids, units=4, bidirectional=False, pooling="mean"),
    "transformer": lambda ids: text.transformer(ids, width=8, max_length=6),
}


@pytest.fixture(scope="module")
def vectorizer():
    layer = keras.layers.TextVectorization(vocabulary=WORDS, output_sequence_length=6, name="words")
    layer(tf.constant(["a"]))
    return layer


def two_tasks(branch, vectorizer):
    x = keras.Input((6,), dtype="int32", name="words")
    features = branch(len(WORDS) + 2)(text.WordDropout(0.1)(x))
    return mtl.MultiTaskModel(
        {"words": x},
        {
            "topic": keras.layers.Dense(3, name="topic")(features),
            "vowel": keras.layers.Dense(1, name="vowel")(features),
        },
        preprocess={"words": vectorizer},
    )


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("name", BRANCHES)
def test_learns_and_answers_the_same_when_saved_and_exported(
    name, jit_compile, vectorizer, tmp_path
):
    case = f"{name} jit={jit_compile}"
    if case in KEPT:
        return
    rng = np.random.default_rng(0)
    topic = rng.integers(0, 3, 256)
    words = [rng.choice(WORDS[3 * t : 3 * t + 4], rng.integers(1, 6)) for t in topic]
    texts = np.array([" ".join(each) for each in words])
    vowel = np.array([np.isin(each, ["a", "e", "i"]).any() for each in words]).astype("int32")
    ids = vectorizer(texts).numpy().astype("int32")
    model = two_tasks(BRANCHES[name], vectorizer)
    losses = {
        "topic": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "vowel": keras.losses.BinaryCrossentropy(from_logits=True),
    }
    adam = keras.optimizers.Adam(0.02)
    model.compile(adam, losses, weighting="pcgrad", jit_compile=jit_compile)
    history = model.fit({"words": ids}, {"topic": topic, "vowel": vowel}, epochs=5, verbose=0)
    assert history.history["loss"][-1] < 0.9 * history.history["loss"][0]
    asked = ["", "never seen", *texts[:20]]
    wanted = model({"words": vectorizer(asked)})
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")({"words": vectorizer(asked)})
    differences = {"loading": max(largest(again[t], logits) for t, logits in wanted.items())}
    model.export(tmp_path / "export")
    serve = tf.saved_model.load(tmp_path / "export").signatures["topic"]
    found = serve(text=tf.constant(asked))["probabilities"]
    differences["export"] = largest(found, tf.nn.softmax(wanted["topic"]))
    assert max(differences.values()) < 1e-5
    KEPT.add(case, {"loss": history.history["loss"], "largest_differences": differences})


def largest(found, wanted):
    return float(np.abs(found - wanted).max())
