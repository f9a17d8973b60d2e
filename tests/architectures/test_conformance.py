"""Every architecture in a model: it trains, saves, loads and is exported, with the same answers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import mtl_keras as mtl
from mtl_keras.architectures import BranchSchedule, EntropySchedule, Mixer, mixing

from . import toy

CASES = {
    "hard_sharing": ("one", None, {}),
    "cross_stitch": ("each", "pcgrad", {"per_channel": True}),
    "mmoe": ("one", "dwa", {}),
    "cgc": ("each", None, {}),
    "ple": ("one", "mgda", {}),
    "mtan": ("each", "uncertainty", {}),
    "dselect_k": ("one", "pcgrad", {"per_example": True}),
    "ltb": ("each", "equal", {}),
}
CALLBACKS = {"ltb": BranchSchedule(1, warm_up=1), "dselect_k": EntropySchedule(2)}


def answers(model, x):
    """Returns the probabilities of every task."""
    return {task: tf.nn.softmax(y).numpy() for task, y in model(x).items()}


@pytest.mark.parametrize("name", toy.NAMES)
def test_trains_saves_loads_and_is_exported(name, tmp_path):
    inputs, weighting, options = CASES[name]
    model = toy.model(name, inputs, lambda name: toy.dense(name, 2), ((3,), (3,)), **options)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    multipliers = {"cross_stitch_stitch1": 100.0} if name == "cross_stitch" else None
    model.compile(
        "adam", loss, weighting=weighting, learning_rate_multipliers=multipliers, run_eagerly=True
    )
    x = toy.pictures(model)
    before = answers(model, x)
    callbacks = [CALLBACKS[name]] if name in CALLBACKS else []
    history = model.fit(x, toy.labels(), epochs=2, callbacks=callbacks, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    wanted = answers(model, x)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    model.export(tmp_path / "exported")
    served = tf.saved_model.load(tmp_path / "exported").signatures["serving_default"](**x)
    for task, found in answers(loaded, x).items():
        assert np.abs(wanted[task] - before[task]).max() > 1e-5
        np.testing.assert_array_equal(found, wanted[task])
        np.testing.assert_allclose(served[f"{task}_probabilities"], wanted[task], atol=1e-6)
    for place, table in mixing(model, x).items():
        np.testing.assert_array_equal(table.weights, mixing(loaded, x)[place].weights)


@pytest.mark.parametrize("name", toy.NAMES)
def test_mixed_precision(name):
    """Activations are float16; what decides the mixing is float32."""
    wanted = toy.model(name)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = toy.model(name)
    finally:
        keras.config.set_dtype_policy("float32")
    for ours, theirs in zip(model.variables, wanted.variables, strict=True):
        ours.assign(theirs)
    x = toy.pictures(model)
    for task, y in model(x).items():
        assert y.dtype == tf.float16
        np.testing.assert_allclose(y, wanted(x)[task], rtol=0, atol=0.01)
    mixers = [layer for layer in model.layers if isinstance(layer, Mixer)]
    assert {v.dtype for m in mixers for v in m.trainable_variables} <= {"float32"}
    for place, table in mixing(model, x).items():
        np.testing.assert_allclose(table.weights, mixing(wanted, x)[place].weights, atol=1e-2)


def test_every_architecture_of_the_room_is_tested():
    found = {
        name
        for name in mtl.architectures.__all__
        if isinstance(getattr(mtl.architectures, name), type) and name.islower()
    }
    assert found == set(toy.NAMES)
