"""One data set of a `Data`: its rows by split, its tasks, its layers."""

import keras
import numpy as np
import tensorflow as tf

from mtl_keras.data import texts


class Part:
    """One data set of a `Data`.

    Args:
        name: str, the keyword of `load`; inputs are named after it.
        set_name: str.
        columns: dict task -> label column, `None` for the set's only one.
        raw: `RawSet`.
        settings: `Settings`.
        examples: int, at most this many training rows, or `None`.

    Attributes:
        rows: dict `"train"`, `"validation"`, `"test"` -> (split of `raw`, rows of it).
        layers: dict input name -> preprocessing layer, set by `Data`.
    """

    def __init__(self, name, set_name, columns, raw, settings, examples):
        self.name, self.set_name, self.raw = name, set_name, raw
        (default, *_) = raw.class_names
        self.columns = {task: default if c is None else c for task, c in columns.items()}
        for task, column in self.columns.items():
            raw.check_labels(column, task)
        self.rows = _split_rows(raw, settings, examples)
        self.layers = {f"{name}_{kind}": None for kind in raw.splits["train"].inputs}
        self._tables = {}

    def texts(self):
        """The raw training texts, or `None`."""
        key, rows = self.rows["train"]
        texts = self.raw.splits[key].inputs.get("text")
        return None if texts is None else texts[rows]

    def table(self, split, tasks):
        """(inputs, labels) of all rows of the raw split that `split` is taken from."""
        key, _ = self.rows[split]
        if key not in self._tables:
            with tf.device("CPU"):
                self._tables[key] = self._table(self.raw.splits[key])
        inputs, labels = self._tables[key]
        return inputs, {task: labels[task] for task in self.columns if task in tasks}

    def _table(self, split):
        inputs = {}
        for kind, array in split.inputs.items():
            name = f"{self.name}_{kind}"
            if kind == "text":
                inputs[name] = tf.constant(texts.tokenise(self.layers[name], array))
            else:
                inputs[name] = tf.constant(array)
                split.inputs[kind] = inputs[name].numpy()  # A view: pictures are held once.
        return inputs, {t: tf.constant(split.labels[c]) for t, c in self.columns.items()}

    def input_specs(self):
        """Dict input name -> (shape, dtype) as the model sees them."""
        specs = {}
        for kind, array in self.raw.splits["train"].inputs.items():
            name = f"{self.name}_{kind}"
            if kind == "text":
                specs[name] = (self.layers[name].compute_output_shape((None,))[1:], "int32")
            else:
                specs[name] = (array.shape[1:], "float32")
        return specs

    def examples(self):
        """Dict of the number of rows of each split, and of the official training split."""
        counts = {
            split: len(self.rows[split][1]) if split in self.rows else 0
            for split in ("train", "validation", "test")
        }
        return {**counts, "official_train": self.raw.official_train}

    def class_names(self, task):
        """List of the names of a task's classes."""
        return list(self.raw.class_names[self.columns[task]])

    def _several(self, task):
        return self.raw.splits["train"].labels[self.columns[task]].ndim == 2

    def logits(self, task):
        """Number of outputs of a task's head."""
        classes = len(self.class_names(task))
        return 1 if classes == 2 and not self._several(task) else classes

    def loss(self, task):
        """Loss on the logits of a task."""
        if self._several(task) or self.logits(task) == 1:
            return keras.losses.BinaryCrossentropy(from_logits=True)
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def _split_rows(raw, settings, examples):
    """Dict split -> (raw split, rows of it)."""
    total = len(raw.splits["train"])
    order = np.random.RandomState(settings.seed).permutation(total)
    rows = {"test": ("test", np.arange(len(raw.splits["test"])))}
    if settings.validation and "validation" in raw.splits:
        rows["validation"] = ("validation", np.arange(len(raw.splits["validation"])))
    elif settings.validation:
        held = max(1, round(settings.validation * total))
        rows["validation"] = ("train", order[:held])
        order = order[held:]
    if not len(order):
        raise ValueError(
            f"Data set {raw.name!r} has too few training rows, {total}, to hold some out for "
            f"validation. Received: validation={settings.validation}"
        )
    return {"train": ("train", order[:examples]), **rows}
