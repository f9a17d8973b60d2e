"""Every trunk keeps the contract: 28x28x1 and 32x32x3 pictures in one model."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl_keras import trunks
from tests.trunks.trunk_cases import SMALLEST, pictures, smallest, two_inputs

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.fixture(scope="module", params=SMALLEST)
def built(request):
    """The model of two tasks over a trunk."""
    keras.utils.set_random_seed(0)
    return two_inputs(smallest(request.param))


def test_every_trunk_is_here():
    found = {name: getattr(trunks, name) for name in trunks.__all__ if name.islower()}
    assert [name for name, thing in found.items() if isinstance(thing, type)] == list(SMALLEST)


def test_a_step_sees_shared_kernels_and_private_normalisation(built):
    images, labels = pictures()
    values = [v.value for v in built.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        outputs = built(images, training=True)
        losses = {task: LOSS(labels[task], outputs[task]) for task in labels}
    gradients = {task: tape.gradient(losses[task], values) for task in labels}
    reached = {}
    for index, variable in enumerate(built.trainable_variables):
        reached[variable.path] = {task for task in labels if gradients[task][index] is not None}
    private = [
        v.path
        for layer in built.layers
        for v in layer.trainable_variables
        if layer.name in labels
        or isinstance(layer, keras.layers.BatchNormalization)
        or "_stem" in layer.name
    ]
    assert {path for path, tasks in reached.items() if len(tasks) == 1} == set(private)
    assert {path for path, tasks in reached.items() if len(tasks) == 2} == reached.keys() - private
    total = [sum(g for g in pair if g is not None) for pair in zip(*gradients.values())]
    assert all(np.isfinite(gradient).all() for gradient in total)
    keras.optimizers.SGD(1e-3).apply_gradients(zip(total, built.trainable_variables))
    outputs = built(images, training=True)
    assert sum(LOSS(labels[t], outputs[t]) for t in labels) < sum(losses.values())


def test_saved_and_loaded_it_answers_the_same(built, tmp_path):
    images, _ = pictures()
    built.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    wanted, found = built(images), again(images)
    assert all(np.array_equal(found[task], wanted[task]) for task in wanted)


@pytest.mark.parametrize("name", ["cbam", "unet", "vit"])
def test_exported_it_answers_the_same(name, tmp_path):
    """Those with layers of our own; `make test-full` exports all."""
    images, _ = pictures()
    model = two_inputs(smallest(name))
    keras.Model.export(model, tmp_path / "model", verbose=False)
    served = tf.saved_model.load(tmp_path / "model")
    wanted, found = model(images), served.serve(images)
    for task in wanted:
        np.testing.assert_allclose(found[task], wanted[task], rtol=1e-5, atol=1e-6)
