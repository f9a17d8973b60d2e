"""Trunks learn: digits of the bundled sample, in a few seconds, far above chance."""

import keras
import pytest

import mtl_keras as mtl
from mtl_keras import trunks

SMALL_VIT = {"width": 32, "depth": 2, "mlp_width": 64, "patch_size": 7, "input_size": (28, 28)}
CASES = {
    "article_cnn": ({"width": 8}, 2),
    "lenet": ({}, 2),
    "resnet": ({"depth": 8, "width": 4}, 5),
    "vit": (SMALL_VIT, 2),
}


@pytest.mark.full
@pytest.mark.parametrize("name", CASES)
def test_half_of_the_digits_are_recognised(name):
    options, epochs = CASES[name]
    data = mtl.data.load(digits="sample/digits", batch_size=64, seed=0)
    inputs = data.inputs()
    features = getattr(trunks, name)(**options)(inputs["digits_image"])
    model = mtl.MultiTaskModel(inputs, {"digits": keras.layers.Dense(10)(features)})
    optimizer = keras.optimizers.Adam(0.005)
    model.compile(optimizer, data.losses, metrics=data.metrics, jit_compile=False)
    model.fit(data.train, epochs=epochs, verbose=0)
    logs = model.evaluate(data.validation, verbose=0, return_dict=True)
    assert logs["digits_accuracy"] > 0.5
