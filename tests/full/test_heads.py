"""Every kind of task x weighting x XLA in one model: trained, saved, loaded, exported, the same."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.full.kept import Kept
from tests.heads.all_kinds import batch, check_step

pytestmark = pytest.mark.full
KEPT = Kept("heads", "heads", "weighting")
WEIGHTINGS = [None, "dwa", "pcgrad", "sdmgrad", "trimmed_mean"]
"""One of each base class: losses, Gramian, of two batches, Jacobian."""


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("jit", [False, True])
def test_trained_with_missing_labels_it_answers_alike(weighting, jit, tmp_path):
    case = f"{weighting} jit={jit}"
    if case in KEPT:
        return
    model = check_step(weighting, jit_compile=jit)
    inputs, _ = batch()
    raw = np.uint8(255 * inputs["picture"])
    wanted = model(raw / np.float32(255))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    loaded = again(raw / np.float32(255))
    differences = {"loading": max(_largest(loaded[task], wanted[task]) for task in wanted)}
    again.export(tmp_path / "served")
    served = tf.saved_model.load(tmp_path / "served").signatures
    exported = {task: served[task](image=tf.constant(raw)) for task in model.tasks}
    differences["export"] = max(
        _largest(_answer(exported[task]), _expected(task, wanted[task])) for task in model.tasks
    )
    assert differences["loading"] == 0.0
    assert differences["export"] < 1e-5
    KEPT.add(case, {"tasks": model.tasks, "largest_differences": differences})


def _answer(exported):
    return exported["probabilities"] if "probabilities" in exported else exported["value"]


def _expected(task, output):
    """What a client must get of the outputs of `all_kinds`."""
    if task == "odd":
        yes = tf.sigmoid(output)
        return tf.concat([1 - yes, yes], axis=-1)
    if task in ("marks", "sketch"):
        return tf.sigmoid(output)
    return output if task in ("place", "copy") else tf.nn.softmax(output)


def _largest(found, wanted):
    return float(np.abs(found - wanted).max())
