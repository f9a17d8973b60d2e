"""Every weighting x XLA x replicas: trains, saves, loads and goes on bit for bit.

What passed is kept in `results/products.json` with the digest of the package's source; `make
test-full` goes on where it stopped and does a case again only when the source has changed.
"""

import hashlib
import itertools
import json
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import mtl_keras as mtl
from mtl_keras.evaluation import results

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "results" / "products.json"
METHODS = [None, *mtl.weighting.names()]
CASES = [
    (method, jit, replicas)
    for method, jit, replicas in itertools.product(METHODS, (False, True), (1, 2))
    if not (jit and replicas == 2)  # Keras itself does not compile under a strategy
]


def source():
    """The digest of the modules that a case depends on."""
    files = [*ROOT.glob("mtl_keras/*.py"), *ROOT.glob("mtl_keras/weighting/*.py")]
    return hashlib.sha256(b"".join(f.read_bytes() for f in sorted(files))).hexdigest()[:12]


def table():
    found = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    return found if found.get("source") == source() else {"source": source(), "cases": {}}


def data():
    rng = np.random.default_rng(0)
    x = {
        "a_image": rng.random((32, 8, 8, 1), np.float32),
        "b_text": rng.integers(0, 20, (32, 6), dtype=np.int32),
    }
    y = {
        "a": rng.integers(-1, 3, 32, dtype=np.int32),
        "b": rng.integers(0, 2, 32, dtype=np.int32),
        "ab": rng.integers(0, 2, 32, dtype=np.int32),
    }
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(8, drop_remainder=True)


def build(method, jit):
    image = keras.Input((8, 8, 1), name="a_image")
    words = keras.Input((6,), dtype="int32", name="b_text")
    trunk = mtl.trunks.conv_trunk(2, dropout=0.2)
    text = mtl.text.embedding_branch(20, width=8)
    both = keras.layers.Concatenate()([trunk(image), text(words)])
    model = mtl.MultiTaskModel(
        {"a_image": image, "b_text": words},
        {
            "a": keras.layers.Dense(3, name="a")(trunk(image)),
            "b": keras.layers.Dense(1, name="b")(text(words)),
            "ab": keras.layers.Dense(1, name="ab", kernel_regularizer="l2")(both),
        },
    )
    binary = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(
        "adamw",
        loss={
            "a": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            "b": binary,
            "ab": binary,
        },
        metrics={task: ["accuracy"] for task in ("a", "b", "ab")},
        weighting=mtl.weighting.get({"a": 0.5}) if method == "static" else method,
        jit_compile=jit,
    )
    return model


@pytest.mark.full
@pytest.mark.parametrize(("method", "jit", "replicas"), CASES)
def test_trains_saves_and_goes_on(method, jit, replicas, tmp_path):
    done = table()
    name = f"{method} jit={jit} replicas={replicas}"
    if name in done["cases"]:
        return
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"][:replicas])
    scope = strategy.scope() if replicas > 1 else tf.device("CPU:0")
    with scope:
        model = build(method, jit)
    first = model.fit(data(), epochs=3, verbose=0).history
    assert all(np.isfinite(value).all() for value in first.values())
    model.save(tmp_path / "model.keras")
    with strategy.scope() if replicas > 1 else tf.device("CPU:0"):
        again = keras.saving.load_model(tmp_path / "model.keras")
    for each in (model, again):
        each.fit(data(), epochs=4, initial_epoch=3, verbose=0)
    worst = max(
        float(np.abs(v.numpy() - w.numpy()).max()) if v.shape.num_elements() else 0.0
        for v, w in zip(model.trainable_variables, again.trainable_variables)
    )
    assert worst == 0.0
    done = table()
    done["cases"][name] = {"loss": first["loss"], "largest_difference_after_loading": worst}
    results.write(TABLE, {**done, "versions": results.versions()})
