"""Every architecture x kind of weighting x input: trains, saves, loads, exports, answers alike."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.architectures import toy
from tests.full.kept import Kept

KEPT = Kept("architectures", "architectures", "trunks", "weighting")
WEIGHTINGS = [None, "dwa", "pcgrad", "sdmgrad", "moco"]
"""One of each base class: losses, Gramian, of two batches, Jacobian."""
CASES = [
    (name, weighting, inputs, jit)
    for name, weighting, inputs, jit in itertools.product(
        toy.NAMES, WEIGHTINGS, ("one", "each"), (False, True)
    )
    if weighting == "pcgrad" or not jit  # what XLA compiles beside is the method's
]


@pytest.mark.full
@pytest.mark.parametrize(("name", "weighting", "inputs", "jit"), CASES)
def test_trains_saves_exports_and_answers_alike(name, weighting, inputs, jit, tmp_path):
    case = f"{name} {weighting} {inputs} jit={jit}"
    if case in KEPT:
        return
    trunk, shapes = (toy.normalised, ((8, 8, 1), (9, 7, 3)))
    model = toy.compiled(
        name, inputs, weighting=weighting, jit_compile=jit, trunk=trunk, shapes=shapes
    )
    random = np.random.default_rng(0)
    raw = {x.name: random.integers(0, 256, (8, *x.shape[1:]), "uint8") for x in model.inputs}
    x, y = {key: np.float32(value) / 255 for key, value in raw.items()}, toy.labels(8)
    first = model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0).history
    assert np.isfinite(first["loss"]).all()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    logits, loaded = model(x), again(x)
    differences = {"loading": _largest(logits, loaded)}
    again.export(tmp_path / "export")
    served = tf.saved_model.load(tmp_path / "export").signatures["serving_default"](**raw)
    found = {task: served[f"{task}_probabilities"] for task in toy.TASKS}
    differences["export"] = _largest({t: tf.nn.softmax(v) for t, v in logits.items()}, found)
    for each in (model, again):
        each.fit(x, y, batch_size=4, epochs=3, initial_epoch=2, shuffle=False, verbose=0)
    differences["going_on"] = max(
        float(np.abs(v.numpy() - w.numpy()).max())
        for v, w in zip(model.trainable_variables, again.trainable_variables)
    )
    assert differences["loading"] == differences["going_on"] == 0.0
    assert differences["export"] < 1e-5
    KEPT.add(case, {"loss": first["loss"], "largest_differences": differences})


def _largest(found, wanted):
    return max(float(np.abs(found[task] - wanted[task]).max()) for task in toy.TASKS)
