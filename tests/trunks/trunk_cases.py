"""Every trunk in its smallest form, and a model of two kinds of pictures over one of them."""

import keras
import numpy as np
import pytest

import mtl_keras as mtl
from mtl_keras import trunks
from mtl_keras.evaluation.cost import cost

SMALLEST = {
    "application": {"network": "VGG16"},
    "article_cnn": {"width": 2},
    "atrous_pyramid": {"filters": 4, "pooling": "avg"},
    "autoencoder": {"width": 2, "units": 8},
    "cbam": {"depth": 8, "width": 2},
    "conv_trunk": {"width": 2},
    "inception": {"width": 1},
    "lenet": {},
    "mlp": {"units": (8, 4)},
    "resnet": {"depth": 8, "width": 2},
    "unet": {"width": 2, "depth": 2, "pooling": "avg"},
    "vgg": {"depth": 11, "width": 2},
    "vit": {"width": 8, "depth": 2, "num_heads": 2, "mlp_width": 8, "patch_size": 8},
}
SHAPES = {"grey": (28, 28, 1), "colour": (32, 32, 3)}


def smallest(name, **options):
    """Returns the trunk of this name with as few weights as it can have."""
    options = {**SMALLEST[name], **options}
    if name == "atrous_pyramid":
        options["backbone"] = trunks.conv_trunk(2, pooling=None, name="atrous_pyramid_backbone")
    return getattr(trunks, name)(**options)


def two_inputs(trunk, shapes=SHAPES):
    """Returns an uncompiled model with a task for each kind of pictures."""
    inputs = {name: keras.Input(shape, name=f"{name}_image") for name, shape in shapes.items()}
    outputs = {name: keras.layers.Dense(2, name=name)(trunk(x)) for name, x in inputs.items()}
    return mtl.MultiTaskModel({x.name: x for x in inputs.values()}, outputs)


def pictures(shapes=SHAPES, rows=4):
    """Returns pictures in [0, 1] and labels, by name."""
    random = np.random.default_rng(0)
    images = {name: random.random((rows, *shape), np.float32) for name, shape in shapes.items()}
    labels = {name: np.arange(rows) % 2 for name in shapes}
    return {f"{name}_image": image for name, image in images.items()}, labels


def counts(trunk, shape, head=None):
    """Returns parameters and millions of multiply-adds, with a head of 10 classes or another."""
    x = keras.Input(shape)
    head = keras.layers.Dense(10) if head is None else head
    found = cost(keras.Model(x, head(trunk(x))))
    return found.parameters, pytest.approx(found.flops / 2e6, rel=1e-3)
