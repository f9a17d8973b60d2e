"""Cases and references that the tests of fusions share."""

import keras
import numpy as np

from mtl_keras import fusion

FUSIONS = {
    "average": fusion.average_fusion,
    "bilinear": fusion.bilinear_fusion,
    "concatenate": fusion.concatenate_fusion,
    "cross_attention": fusion.cross_attention_fusion,
    "gated": fusion.gated_fusion,
}


def model_of(build, sizes=(3, 4), present=True, seed=0, **options):
    """Returns a model of a fusion of vectors, all of its weights drawn at random.

    Its inputs are the vectors and, with `present`, a bool (batch,) for each.
    """
    inputs = [keras.Input((size,)) for size in sizes]
    masks = [keras.Input((), dtype="bool") for _ in sizes] if present else []
    parts = [fusion.Part(x, m) for x, m in zip(inputs, masks)] if present else inputs
    model = keras.Model(inputs + masks, build(**options)(dict(zip("abc", parts))))
    generator = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        variable.assign(generator.normal(size=variable.shape))
    return model


def vectors(sizes=(3, 4), rows=5, seed=1):
    generator = np.random.default_rng(seed)
    return [generator.normal(size=(rows, size)).astype("float32") for size in sizes]


def weights(model, name):
    """Float64 weights of a layer, whose name begins with that of the fusion."""
    (layer,) = (each for each in model.layers if each.name.endswith(f"_fusion_{name}"))
    return [np.float64(variable.numpy()) for variable in layer.variables]


def prepared(model, key, x, present=None):
    """What a fusion sees of a part, in float64: normalised, or the stand-in."""
    gamma, beta = weights(model, f"norm_{key}")
    x = np.float64(x)
    centred = x - x.mean(-1, keepdims=True)
    x = gamma * centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-6) + beta
    if present is None:
        return x
    (vector,) = weights(model, f"stand_in_{key}")
    return np.where(present.reshape(-1, *[1] * (x.ndim - 1)), x, vector)


def close(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)
