"""What MixUp and CutMix have in common: which rows are mixed, and what becomes of the labels."""

import math
import zlib

import tensorflow as tf

from mtl_keras import clock, errors
from mtl_keras import losses as task_losses
from mtl_keras.data.schedule import fold


class PictureMix:
    """Mixes each picture of a batch with another one of it, for `dataset.apply`.

    The partners and their shares are a function of (seed, epoch, step, input), the epoch being what
    `MultiTaskModel.fit` (or `set_epoch`) last said. A label that is missing in either picture is
    missing in the mixture; so is one whose sample weight is 0 in either. Subclasses implement
    `kept` and `check_labels`.

    Args:
        task_inputs: dict task -> list of the names of its inputs: `data.task_inputs` or
            `model.task_inputs`.
        losses: dict task -> loss, as `compile` takes them: they tell what the labels are.
        tasks: list of the tasks whose pictures are mixed. Defaults to all.
        alpha: float > 0, the share of a picture is drawn from Beta(alpha, alpha).
        seed: int. Defaults to 0.

    Raises:
        ValueError: if an argument is out of its range, a task has more inputs than a picture, or
            another task sees the picture; in `dataset.apply`: if an input is no float picture or
            the labels of a task cannot be mixed.
    """

    def __init__(self, task_inputs, losses, tasks=None, alpha=1.0, seed=0):
        if not 0 < alpha < math.inf:
            raise ValueError(f"Argument `alpha` must be > 0. Received: alpha={alpha!r}")
        tasks = list(task_inputs if tasks is None else tasks)
        self.alpha, self.seed = alpha, seed
        self.tasks_of = _tasks_by_input(task_inputs, tasks)
        self.losses = {}
        for task in tasks:
            if task not in losses:
                raise errors.unknown("task in `losses`:", task, losses)
            self.losses[task] = losses[task] and task_losses.get_loss(task, losses[task])

    def __call__(self, dataset):
        """Returns the data set with mixed pictures and labels.

        Args:
            dataset: `tf.data.Dataset` of batches (inputs, labels) or (inputs, labels, sample
                weights), dicts; pictures are floats `(batch, height, width, channels)`.
        """
        self._check(*dataset.element_spec[:2])
        # The epoch is read when an iterator starts, not when the data set is made.
        now = clock.epoch()
        epochs = tf.data.Dataset.range(1).flat_map(
            lambda _: tf.data.Dataset.from_tensors(now.read_value()).repeat()
        )
        epochs = epochs.apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY))
        numbered = tf.data.Dataset.zip((epochs.enumerate(), dataset))
        mixed = numbered.map(self._mix, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        return mixed.prefetch(tf.data.AUTOTUNE)

    def kept(self, pictures, key):
        """Returns how much of each picture stays: share (batch, 1, 1), or bool by pixel."""
        raise NotImplementedError(f"{type(self).__name__} must implement kept(pictures, key).")

    def check_labels(self, task, labels, picture):
        """Raises a `ValueError` where labels (a spec) cannot be mixed as the pictures are."""
        raise NotImplementedError(f"{type(self).__name__} must implement check_labels(...).")

    def _check(self, inputs, labels):
        for name, tasks in self.tasks_of.items():
            if name not in inputs:
                raise errors.unknown("input in the batches:", name, inputs)
            picture = inputs[name]
            if not picture.dtype.is_floating or picture.shape.rank != 4:
                raise ValueError(
                    f"Task {tasks[0]!r}: {type(self).__name__} mixes pictures, floats (batch, "
                    f"height, width, channels); leave the task out of `tasks`. Received: {name!r}, "
                    f"{picture.dtype.name} of shape {tuple(picture.shape)}"
                )
            for task in tasks:
                if task in labels and self.losses[task] is not None:
                    self.check_labels(task, labels[task], picture)

    @tf.autograph.experimental.do_not_convert
    def _mix(self, place, batch):
        step, epoch = place
        inputs, labels, *weights = map(dict, batch)
        root = fold(fold(tf.constant([self.seed, 0], tf.int64), epoch), step)
        for name, tasks in self.tasks_of.items():
            # By name, so that it does not depend on which other inputs there are.
            key = fold(root, zlib.crc32(name.encode()))
            rows = tf.range(tf.shape(inputs[name])[0])
            partner = tf.random.experimental.stateless_shuffle(rows, seed=fold(key, 0))
            kept = self.kept(inputs[name], fold(key, 1))
            share = tf.reduce_mean(tf.cast(kept, tf.float32), axis=[1, 2])
            inputs[name] = _mixture(inputs[name], partner, kept)
            for task in tasks:
                if task in labels:
                    part = kept if labels[task].shape.rank > 2 else share
                    labels[task] = _mixture(labels[task], partner, part)
                for by_task in weights:
                    if task in by_task:
                        by_task[task] = _mixed_weights(by_task[task], partner, share)
        return (inputs, labels, *weights)

    def shares(self, rows, key):
        """Returns draws from Beta(alpha, alpha), `(rows,)`."""
        a, b = tf.unstack(tf.random.stateless_gamma((2, rows), key, self.alpha))
        return tf.math.divide_no_nan(a, a + b)

    def needs_vectors(self, task):
        """Returns the error for class numbers, of which there is no mixture."""
        return ValueError(
            f"Task {task!r}: {type(self).__name__} gives shares of two classes, which the loss "
            f"{self.losses[task].name} does not take. Make the labels vectors, "
            f"dataset.map(OneHot({{{task!r}: number of classes}})), and compile with "
            "CategoricalCrossentropy(from_logits=True)."
        )


def _tasks_by_input(task_inputs, tasks):
    """Dict input -> its tasks, each of which sees nothing else."""
    found = {}
    for task in tasks:
        if task not in task_inputs:
            raise errors.unknown("task in `tasks`:", task, task_inputs)
        name, *others = task_inputs[task]
        if others:
            raise ValueError(
                f"Task {task!r} joins {', '.join(task_inputs[task])}: a mixture of two pictures "
                "goes with neither's other part. Leave the task out of `tasks`."
            )
        found.setdefault(name, []).append(task)
    for task, inputs in task_inputs.items():
        for name in inputs:
            if name in found and task not in tasks:
                raise ValueError(
                    f"Task {task!r} sees {name!r}, too, so that its labels change with it. Add it "
                    f"to `tasks`, or leave out: {', '.join(found[name])}."
                )
    return found


def _mixture(values, partner, kept):
    """Values with those of their partners: chosen by a mask, or added up by shares."""
    kept = task_losses.spread(kept, values)
    if kept.dtype.is_bool:
        return tf.where(kept, values, tf.gather(values, partner))
    if not values.dtype.is_floating:  # -1 is missing; missing among floats is NaN
        values = tf.cast(values, tf.int32)
        values = tf.where(values == -1, float("nan"), tf.cast(values, tf.float32))
    kept = tf.cast(kept, values.dtype)
    return kept * values + (1 - kept) * tf.gather(values, partner)


def _mixed_weights(weights, partner, share):
    other = tf.gather(weights, partner)
    mixed = share * weights + (1 - share) * other
    return tf.where((weights > 0) & (other > 0), mixed, 0.0)
