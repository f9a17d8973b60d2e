"""Every weighting x XLA x replicas: trains, saves, loads and goes on bit for bit.

A process keeps what XLA compiled for a CPU until it ends, some 750 memory maps a model, and dies at
65,530 of them: so a new one takes over after some cases.
"""

import functools
import importlib
import itertools
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import keras
import numpy as np
import pytest
import tensorflow as tf

import mtl_keras as mtl
from mtl_keras import clock
from tests.full.kept import Kept

KEPT = Kept("weighting", "weighting")
METHODS = [None, *mtl.weighting.names()]
CASES = [
    (method, jit, replicas)
    for method, jit, replicas in itertools.product(METHODS, (False, True), (1, 2))
    if not (jit and replicas == 2)  # Keras itself does not compile under a strategy
]


@functools.cache
def strategy_of(replicas):
    """One strategy for all cases: TensorFlow gives each new one the same keys for its sums."""
    if replicas == 1:
        return tf.distribute.get_strategy()
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


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
        # Picture and words share no features, where MGDA-UB looks by default.
        jacobian=mtl.Jacobian(at="shared") if method == "mgda_ub" else None,
        jit_compile=jit,
    )
    return model


def losses_and_difference(method, jit, replicas, folder):
    """Trains, saves, loads, and trains both on; returns the first losses, the worst difference."""
    keras.utils.set_random_seed(0)
    clock.set_epoch(0)
    strategy = strategy_of(replicas)
    with strategy.scope():
        model = build(method, jit)
    first = model.fit(data(), epochs=3, verbose=0).history
    assert all(np.isfinite(value).all() for value in first.values())
    model.save(folder / "model.keras")
    with strategy.scope():
        again = keras.saving.load_model(folder / "model.keras")
    for each in (model, again):
        each.fit(data(), epochs=4, initial_epoch=3, verbose=0)
    worst = max(
        float(np.abs(v.numpy() - w.numpy()).max()) if v.shape.num_elements() else 0.0
        for v, w in zip(model.trainable_variables, again.trainable_variables)
    )
    return first["loss"], worst


@pytest.fixture(scope="module")
def process():
    devices = importlib.import_module, ("tests.full.conftest",)
    with ProcessPoolExecutor(1, get_context("spawn"), *devices, max_tasks_per_child=15) as pool:
        yield pool


@pytest.mark.full
@pytest.mark.parametrize(("method", "jit", "replicas"), CASES)
def test_trains_saves_and_goes_on(process, method, jit, replicas, tmp_path):
    case = f"{method} jit={jit} replicas={replicas}"
    if case in KEPT:
        return
    found = process.submit(losses_and_difference, method, jit, replicas, tmp_path)
    loss, worst = found.result()
    assert worst == 0.0
    KEPT.add(case, {"loss": loss, "difference_after_loading": worst})
