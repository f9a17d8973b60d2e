"""Every architecture x kind of weighting x input: trains, saves, loads, exports, answers alike.

What passed is kept in `results/architectures/products.json` with the digest of the package's
source; a case is done again only when the source has changed.
"""

import hashlib
import itertools
import json
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.evaluation import results
from tests.architectures import toy

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "results" / "architectures" / "products.json"
WEIGHTINGS = [None, "dwa", "pcgrad", "sdmgrad", "trimmed_mean"]
"""One of each base class: losses, Gramian, of two batches, Jacobian."""
CASES = [
    (name, weighting, inputs, jit)
    for name, weighting, inputs, jit in itertools.product(
        toy.NAMES, WEIGHTINGS, ("one", "each"), (False, True)
    )
    if weighting == "pcgrad" or not jit  # what XLA compiles beside is the method's
]


def source():
    """The digest of the modules that a case depends on."""
    files = [*ROOT.glob("mtl_keras/*.py"), *ROOT.glob("mtl_keras/architectures/*.py")]
    return hashlib.sha256(b"".join(f.read_bytes() for f in sorted(files))).hexdigest()[:12]


def table():
    found = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    return found if found.get("source") == source() else {"source": source(), "cases": {}}


@pytest.mark.full
@pytest.mark.parametrize(("name", "weighting", "inputs", "jit"), CASES)
def test_trains_saves_exports_and_answers_alike(name, weighting, inputs, jit, tmp_path):
    done = table()
    case = f"{name} {weighting} {inputs} jit={jit}"
    if case in done["cases"]:
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
    done = table()
    done["cases"][case] = {"loss": first["loss"], "largest_differences": differences}
    results.write(TABLE, {**done, "versions": results.versions()})


def _largest(found, wanted):
    return max(float(np.abs(found[task] - wanted[task]).max()) for task in toy.TASKS)
