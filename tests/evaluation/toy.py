"""A small data set of two tasks and its model, for the tests of this folder."""

import keras
import numpy as np
import tensorflow as tf

import mtl_keras as mtl


class ToyData:
    """What `compare` uses of a `Data` object: two tasks over inputs of their own."""

    batch_size, seed = 16, 0
    class_names = {"sign": ["minus", "plus"], "corner": ["a", "b", "c", "d"]}
    sources = {"sign": "toy", "corner": "toy"}

    def __init__(self, seed=0, tasks=("sign", "corner")):
        self.tasks, self.seed = list(tasks), seed
        every_loss = {
            "sign": keras.losses.BinaryCrossentropy(from_logits=True),
            "corner": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        }
        self.losses = {task: every_loss[task] for task in tasks}
        self.metrics = {task: ["accuracy"] for task in tasks}
        sizes = {"train": 96, "validation": 48, "test": 48, "official_train": 960}
        self.examples = {task: dict(sizes) for task in tasks}
        self.train = self._pipeline(0, 96, seed).batch(16, drop_remainder=True)
        self.validation = self._pipeline(1, 48).batch(16)
        self.test = self._pipeline(2, 48).batch(16)

    def only(self, *tasks):
        return ToyData(self.seed, tasks)

    def _arrays(self, part, rows):
        generator = np.random.default_rng(part)
        x = {
            f"{task}_x": generator.normal(size=(rows, 2)).astype("float32")
            for task in ("sign", "corner")
        }
        sign = (x["sign_x"].sum(axis=1) > 0).astype("int32")
        corner = (x["corner_x"] > 0).astype("int32") @ np.array([1, 2], "int32")
        if part == 2:
            sign[5] = -1  # a row without a label
        return x, {"sign": sign, "corner": corner}

    def _pipeline(self, part, rows, seed=None):
        x, y = self._arrays(part, rows)
        order = slice(None) if seed is None else np.random.default_rng(seed).permutation(rows)
        x = {f"{task}_x": x[f"{task}_x"][order] for task in self.tasks}
        y = {task: y[task][order] for task in self.tasks}
        return tf.data.Dataset.from_tensor_slices((x, y))

    def raw(self, task, split="test"):
        x, y = self._arrays(2, 48)
        return {f"{task}_x": [f"row {row}" for row in x[f"{task}_x"]]}, y[task]


def build(width=8, dropout=0.1):
    """Returns a fresh model: a shared layer, a head per task."""
    x = {f"{task}_x": keras.Input((2,), name=f"{task}_x") for task in ("sign", "corner")}
    trunk = keras.layers.Dense(width, "relu", name="trunk")
    drop = keras.layers.Dropout(dropout)
    heads = {
        "sign": keras.layers.Dense(1, name="sign"),
        "corner": keras.layers.Dense(4, name="corner"),
    }
    outputs = {task: head(drop(trunk(x[f"{task}_x"]))) for task, head in heads.items()}
    return mtl.MultiTaskModel(x, outputs, class_names=ToyData.class_names)
