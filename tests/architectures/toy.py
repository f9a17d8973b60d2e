"""Small trunks without batch normalisation, and models of every architecture over them."""

import keras
import numpy as np
from keras import layers

import mtl_keras as mtl
from mtl_keras import architectures
from mtl_keras.trunks import Trunk

TASKS = ["zeta", "alpha"]
NAMES = ["hard_sharing", "cross_stitch", "mmoe", "cgc", "ple", "mtan", "dselect_k", "ltb"]
GATED = ["mmoe", "cgc", "ple", "dselect_k"]
MANY = {"mmoe": {"experts": 3}, "dselect_k": {"experts": 3}}


class tiny(Trunk):
    """A trunk for pictures: 3 then 5 channels in two stages, and global pooling."""

    def stages(self):
        return [self._first, self._second]

    def _first(self, x):
        name = f"first{x.shape[-1]}"
        x = self.shared(name, layers.Conv2D, 3, 3, padding="same", activation="tanh")(x)
        return self.shared("pool", layers.MaxPooling2D, padding="same")(x)

    def _second(self, x):
        x = self.shared("second", layers.Conv2D, 5, 1, activation="tanh")(x)
        return self.shared("average", layers.GlobalAveragePooling2D)(x)


class dense(Trunk):
    """A trunk for vectors, one linear layer of 2 units without bias a stage."""

    def __init__(self, name, count=1):
        super().__init__(name)
        self.count = count

    def stages(self):
        return [lambda x, i=i: self._stage(x, i) for i in range(1, self.count + 1)]

    def _stage(self, x, number):
        return self.shared(f"stage{number}", layers.Dense, 2, use_bias=False)(x)


def make(name, trunk=tiny, **options):
    """Returns an architecture of three experts where it has a number of them."""
    builder = getattr(architectures, name)
    return builder(trunk, TASKS, **{**MANY.get(name, {}), **options})


def features(architecture, inputs="one", shapes=((6, 6, 1), (9, 7, 3))):
    """Returns a model input -> features by task: of one input, or of one for each task."""
    keras.utils.set_random_seed(1)
    if inputs == "one":
        x = keras.Input(shapes[0], name="x")
        return keras.Model({"x": x}, architecture(x))
    x = {task: keras.Input(shape, name=f"{task}_x") for task, shape in zip(TASKS, shapes)}
    return keras.Model({v.name: v for v in x.values()}, architecture(x))


def model(name, inputs="one", trunk=tiny, shapes=((6, 6, 1), (9, 7, 3)), **options):
    """Returns a `MultiTaskModel` of an architecture, two tasks of 3 and 2 classes."""
    body = features(make(name, trunk, **options), inputs, shapes)
    outputs = {
        task: layers.Dense(classes, name=task)(body.output[task])
        for task, classes in zip(TASKS, (3, 2))
    }
    return mtl.MultiTaskModel(body.input, outputs)


def compiled(*args, weighting=None, jit_compile=False, **options):
    """Returns `model(...)`, compiled."""
    found = model(*args, **options)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    found.compile("sgd", loss, weighting=weighting, jit_compile=jit_compile)
    return found


def pictures(found, rows=4, seed=0):
    """Returns random values for the inputs of a model."""
    random = np.random.default_rng(seed)
    return {x.name: random.random((rows, *x.shape[1:]), np.float32) for x in found.inputs}


def labels(rows=4, seed=0):
    """Returns random labels of both tasks."""
    random = np.random.default_rng(seed)
    return {"zeta": random.integers(0, 3, rows), "alpha": random.integers(0, 2, rows)}


class normalised(tiny):
    """The same with batch normalisation, private to each input, after the first stage."""

    def _first(self, x):
        return self.private("norm", layers.BatchNormalization)(super()._first(x))
