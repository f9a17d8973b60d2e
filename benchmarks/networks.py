"""The two networks of the benchmarks, as models with any number of tasks on one picture."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

import mtl_keras as mtl

CLASSES = 10


def lenet(tasks, cls=mtl.MultiTaskModel):
    """The LeNet of MultiMNIST with linear heads, on 28x28 grey pictures."""
    return _model((28, 28, 1), mtl.trunks.lenet(), tasks, cls)


def vgg_like(tasks, cls=mtl.MultiTaskModel, classes=CLASSES, batch_norm=False):
    """Six convolutions in three blocks, a dense layer and linear heads, on 32x32 pictures."""

    def active(layer):
        return [layer, *([layers.BatchNormalization()] if batch_norm else []), layers.ReLU()]

    blocks = [
        layer
        for filters in (16, 32, 64)
        for layer in (
            *active(layers.Conv2D(filters, 3, padding="same")),
            *active(layers.Conv2D(filters, 3, padding="same")),
            layers.MaxPooling2D(),
        )
    ]
    trunk = keras.Sequential([*blocks, layers.Flatten(), *active(layers.Dense(128))])
    return _model((32, 32, 3), trunk, tasks, cls, classes)


def _model(shape, trunk, tasks, cls, classes=CLASSES):
    x = keras.Input(shape, name="image")
    h = trunk(x)
    names = [f"task{index}" for index in range(tasks)]
    return cls(x, {name: layers.Dense(classes, name=name)(h) for name in names})


def compile_classes(model, **options):
    """Compiles a model whose tasks all have ten classes, and returns it."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss=dict.fromkeys(model.output, loss), **options)
    return model


def noise(model, batch):
    """One batch of random pictures and labels."""
    rng = np.random.default_rng(0)
    x = rng.random((batch, *model.input_shape[1:]), np.float32)
    return x, {task: rng.integers(0, CLASSES, batch, dtype=np.int32) for task in model.output}


def one_core():
    """Has TensorFlow use one core, whose time is then the time of the step."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def trainer(model, batch):
    """Returns a function of no arguments that makes one training step."""
    data = iter(tf.data.Dataset.from_tensors(noise(model, batch)).repeat())
    model.make_train_function()
    return lambda: model.train_function(data)
