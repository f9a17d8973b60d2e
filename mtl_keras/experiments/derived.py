"""Data with tasks that are computed from what is there: parity, reconstruction, boxes."""

import copy
from typing import NamedTuple

import keras
import tensorflow as tf


class Task(NamedTuple):
    """A task that is computed from the batches of some data.

    Attributes:
        of: str, the task of the data whose rows it has.
        labels: function (inputs, labels) -> the labels of a batch, from dicts of its tensors.
        loss: loss object, on logits where there are classes.
        metrics: list of metric names and objects.
        class_names: list of str, or `None` where the labels are no classes.
    """

    of: str
    labels: object
    loss: object
    metrics: list
    class_names: list | None = None


def classes(of, labels, class_names):
    """Returns a `Task` with one class number for each row, -1 where it is missing.

    Example:
        >>> odd = lambda x, y: known(y["digit"], y["digit"] % 2)
        >>> parity = classes("digit", odd, ["even", "odd"])
        >>> parity.loss.name
        'binary_crossentropy'
    """
    binary, sparse = keras.losses.BinaryCrossentropy, keras.losses.SparseCategoricalCrossentropy
    loss = (binary if len(class_names) == 2 else sparse)(from_logits=True)
    return Task(of, labels, loss, ["accuracy"], list(class_names))


def picture(of, image):
    """Returns the `Task` of making a picture again from its features.

    Args:
        of: str, the task of the data whose rows it has.
        image: str, the picture input.

    Example:
        >>> picture("digit", "digit_image").metrics
        ['mse']
    """
    return Task(of, lambda x, y: known(y[of], x[image]), keras.losses.MeanSquaredError(), ["mse"])


def known(label, value):
    """Returns a value where a class number is known; elsewhere -1, or NaN for floats.

    Example:
        >>> known(tf.constant([3, -1]), tf.constant([1, 0])).numpy().tolist()
        [1, -1]
    """
    missing = tf.constant(float("nan") if value.dtype.is_floating else -1, value.dtype)
    there = tf.reshape(label >= 0, [-1] + [1] * (len(value.shape) - 1))
    return tf.where(there, value, missing)


class Derived:
    """A `Data` with further tasks, and with changed inputs; serves where a `Data` does.

    Args:
        data: a `Data`, as `mtl_keras.data.load` makes it.
        tasks: dict task -> `Task`, or `None` for a task of the data that stays as it is.
        change: function (inputs, labels) -> inputs, dicts of a batch's tensors. Defaults to none.
        train: (batches, rows), training batches in place of those of the data, of the same form,
            and how many rows they hold. Defaults to none.

    Example:
        >>> import mtl_keras as mtl
        >>> digits = mtl.data.load(digit="sample/digits", batch_size=4)
        >>> odd = lambda x, y: known(y["digit"], y["digit"] % 2)
        >>> parity = classes("digit", odd, ["even", "odd"])
        >>> data = Derived(digits, {"digit": None, "parity": parity})
        >>> inputs, labels = next(iter(data.only("parity").train))
        >>> list(inputs), list(labels), labels["parity"].shape
        (['digit_image'], ['parity'], TensorShape([4]))
    """

    def __init__(self, data, tasks, change=None, train=None):
        self._all = {task: made or _kept(data, task) for task, made in tasks.items()}
        self._whole, self._change, self._train = data, change, train
        self.batch_size, self.seed = data.batch_size, data.seed
        self.vocabulary_size = data.vocabulary_size
        self._show(list(tasks))

    def _show(self, tasks):
        self.tasks = tasks
        made = {task: self._all[task] for task in tasks}
        of = {task: each.of for task, each in made.items()}
        # All base tasks of an input come along, since labels may be computed from any of them.
        read = {name for base in of.values() for name in self._whole.task_inputs[base]}
        inputs = self._whole.task_inputs
        self._data = self._whole.only(*(t for t in inputs if read & set(inputs[t])))
        self.losses = {task: each.loss for task, each in made.items()}
        self.metrics = {task: each.metrics for task, each in made.items()}
        named = {t: each.class_names for t, each in made.items() if each.class_names}
        self.class_names = named
        self.outputs = {t: 1 if len(c) == 2 else len(c) for t, c in named.items()}
        self.examples = {task: dict(self._whole.examples[of[task]]) for task in tasks}
        for counts in self.examples.values() if self._train else ():
            counts["train"] = self._train[1]
        self.sources = {task: self._whole.sources[of[task]] for task in tasks}

    def only(self, *tasks):
        """Returns the same data showing only these tasks; as `Data.only`."""
        other = copy.copy(self)
        other._show(list(tasks))
        return other

    def inputs(self):
        """Returns new `keras.Input`s by name."""
        specs = self.train.element_spec[0]
        return {k: keras.Input(s.shape[1:], dtype=s.dtype.name, name=k) for k, s in specs.items()}

    @property
    def train(self):
        """The training batches."""
        return self._changed(self._train[0] if self._train else self._data.train)

    @property
    def validation(self):
        """The validation batches, each row counting once."""
        return self._changed(self._data.validation)

    @property
    def test(self):
        """The test batches, each row counting once."""
        return self._changed(self._data.test)

    def raw(self, task, split="test"):
        """Returns pictures and labels of the base task of a task; as `Data.raw`."""
        return self._whole.raw(self._all[task].of, split)

    def _changed(self, batches):
        def change(x, y):
            x = self._change(x, y) if self._change else x
            return x, {task: self._all[task].labels(x, y) for task in self.tasks}

        return batches.map(change, num_parallel_calls=tf.data.AUTOTUNE)


def _kept(data, task):
    names = data.class_names[task]
    return Task(task, lambda x, y: y[task], data.losses[task], data.metrics[task], names)
