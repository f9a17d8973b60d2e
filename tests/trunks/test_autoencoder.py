import keras
import numpy as np

import mtl_keras as mtl
from mtl_keras.heads import reconstruction
from mtl_keras.trunks import autoencoder


def test_pictures_of_any_size():
    trunk = autoencoder(width=1, units=5)
    for size in ((1, 1), (9, 40), (None, None)):
        x = keras.Input((*size, 1))
        pictures = np.zeros((2, *(side or 45 for side in size), 1))
        assert keras.Model(x, trunk(x)).predict(pictures, verbose=0).shape == (2, 5)


def test_reconstruction_is_a_task_beside_another():
    """One number, the brightness of all of a picture, is found again in it."""
    x = keras.Input((8, 8, 1), name="image")
    features = autoencoder(width=4, units=4)(x)
    head = reconstruction((8, 8, 1), width=4)
    outputs = {head.name: head(features), "bright": keras.layers.Dense(1)(features)}
    model = mtl.MultiTaskModel(x, outputs)
    losses = {head.name: head.loss, "bright": keras.losses.BinaryCrossentropy(from_logits=True)}
    model.compile(keras.optimizers.Adam(0.01), losses, jit_compile=False)
    levels = np.random.default_rng(0).random((128, 1, 1, 1), np.float32)
    pictures = np.broadcast_to(levels, (128, 8, 8, 1))
    labels = {head.name: pictures, "bright": (levels[:, 0, 0] > 0.5).astype("int32")}
    history = model.fit(pictures, labels, batch_size=16, epochs=8, verbose=0).history
    assert history["reconstruction_loss"][-1] < 0.3 * levels.var()
    assert history["bright_loss"][-1] < 0.5 * np.log(2)
