"""One model of all kinds of task: trained with missing labels, saved, loaded, exported."""

import keras
import numpy as np
import tensorflow as tf

from tests.heads.all_kinds import PARENTS, batch, build, check_step


def test_trained_with_missing_labels_then_saved_and_loaded(tmp_path):
    model = check_step(run_eagerly=True)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    inputs, labels = batch()
    wanted = model.evaluate(inputs, labels, verbose=0, return_dict=True)
    found = again.evaluate(inputs, labels, verbose=0, return_dict=True)
    assert found.keys() == wanted.keys()
    np.testing.assert_allclose(list(found.values()), list(wanted.values()), rtol=1e-6)


def test_mixed_precision_is_finite():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model, compiled = build(["parts", "copy"])
    finally:
        keras.config.set_dtype_policy(policy)
    model.compile("sgd", **compiled, run_eagerly=True)
    inputs, labels = batch()
    logs = model.fit(inputs, {task: labels[task] for task in model.tasks}, verbose=0).history
    assert np.isfinite([logs["loss"][0], logs["species_loss"][0]]).tolist() == [True, False]


def test_exported_maps_and_consistent_classes(tmp_path):
    model, compiled = build(["parts", "copy", "sketch"])
    model.compile("sgd", **compiled, run_eagerly=True)
    model.export(tmp_path / "served")
    served = tf.saved_model.load(tmp_path / "served").signatures
    pictures = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 1)).astype("uint8")
    answers = {task: served[task](image=tf.constant(pictures)) for task in model.tasks}
    outputs = model(pictures / np.float32(255))
    for task in ("family", "species", "parts"):
        expected = tf.nn.softmax(outputs[task])
        np.testing.assert_allclose(answers[task]["probabilities"], expected, atol=1e-5)
        assert answers[task]["label"].shape == expected.shape[:-1]
    np.testing.assert_allclose(answers["copy"]["value"], outputs["copy"], atol=1e-5)
    # Trained on crossentropy it gives logits; a client gets the picture.
    sketch = tf.sigmoid(outputs["sketch"])
    np.testing.assert_allclose(answers["sketch"]["value"], sketch, atol=1e-5)
    fine = answers["species"]["probabilities"].numpy()
    families = np.stack([fine[:, np.equal(PARENTS, c)].sum(1) for c in (0, 1)], axis=1)
    np.testing.assert_allclose(families, answers["family"]["probabilities"], rtol=1e-5)
