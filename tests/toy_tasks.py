"""A small model of three tasks in no alphabetical order, and its data."""

import keras
import numpy as np
import tensorflow as tf

import mtl_keras as mtl

LOSSES = {
    "zeta": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "alpha": keras.losses.BinaryCrossentropy(from_logits=True),
    "mid": "mse",
}


def build(cls=mtl.MultiTaskModel, *, seed=0, noise=True, regularize=True, tasks=tuple(LOSSES)):
    """Returns a fresh model: `zeta` sees x, `alpha` and `mid` see x and z.

    `noise`: with batch normalisation and dropout. The model of `keras.Model` is made the same way.
    """
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    penalty = keras.regularizers.L2(0.01) if regularize else None
    x, z = keras.Input((6,), name="x"), keras.Input((4,), name="z")
    h = layers.Dense(8, name="trunk", kernel_regularizer=penalty)(x)
    h = layers.BatchNormalization(name="trunk_bn")(h) if noise else h
    h = layers.ReLU(name="trunk_relu")(h)
    h = layers.Dropout(0.3, name="trunk_drop")(h) if noise else h
    side = layers.Dense(3, "tanh", name="side", bias_regularizer=penalty)(z)
    both = layers.Concatenate(name="both")([h, side])
    own = layers.Dense(4, name="zeta_own")(h)
    own = layers.BatchNormalization(name="zeta_bn")(own) if noise else own
    heads = {
        "zeta": layers.Dense(3, name="zeta", kernel_regularizer=penalty)(own),
        "alpha": layers.Dense(1, name="alpha")(both),
        "mid": layers.Dense(5, name="mid")(both),
    }
    outputs = {task: heads[task] for task in tasks}
    used = {"x": x, "z": z} if {"alpha", "mid"} & set(tasks) else {"x": x}
    return cls(used, outputs)


def arrays(rows=40, seed=0):
    """Returns inputs and labels, none of them missing."""
    random = np.random.default_rng(seed)
    inputs = {
        "x": random.normal(size=(rows, 6)).astype("float32"),
        "z": random.normal(size=(rows, 4)).astype("float32"),
    }
    labels = {
        "zeta": random.integers(0, 3, rows).astype("int32"),
        "alpha": random.integers(0, 2, rows).astype("int32"),
        "mid": random.normal(size=(rows, 5)).astype("float32"),
    }
    return inputs, labels


def dataset(*parts, batch=8, remainder=True):
    """Returns the batches of (inputs, labels[, weights]), by default those of `arrays()`."""
    parts = parts or arrays()
    return tf.data.Dataset.from_tensor_slices(parts).batch(batch, drop_remainder=not remainder)


def values(variables):
    """Returns the values of variables, as arrays."""
    return [v.numpy() for v in variables]


def same(found, wanted):
    """Whether two lists of arrays agree bit for bit."""
    return len(found) == len(wanted) and all(map(np.array_equal, found, wanted))


def train(model, data, epochs=1, **options):
    """Trains in silence and returns the history."""
    return model.fit(data, epochs=epochs, verbose=0, **options).history
