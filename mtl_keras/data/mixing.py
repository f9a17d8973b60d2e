"""Several sources, one batched data set."""

import numpy as np
import tensorflow as tf

from mtl_keras import clock, errors
from mtl_keras.data import arrays, pictures
from mtl_keras.data.autotune import without_autotune
from mtl_keras.data.dense_targets import dense_targets
from mtl_keras.data.schedule import Schedule


def zip_tasks(
    sources,
    batch_size,
    epoch="longest",
    temperature=1.0,
    seed=0,
    augment=None,
    rows=None,
    only=None,
):
    """Returns one batched `tf.data.Dataset` over several sources, each with its own tasks.

    A source's rows lie in memory; which of them stand where in an epoch is a function of
    (seed, epoch), the epoch being what `set_epoch` (and `MultiTaskModel.fit`) last said. The ways
    to end an epoch are those of `Schedule`. Every batch holds the inputs and labels of all
    sources; under `"proportional"` their numbers of rows differ. Under `"exact"`, the rows of a
    source that has ended are real ones whose labels are missing: -1 (integers), NaN (floats),
    and sample weight 0 where the source has weights. Shapes are static.

    Args:
        sources: dict source name -> per-example `tf.data.Dataset` of `(inputs, labels)` or
            `(inputs, labels, weights)`, or that tuple of dicts of arrays `(n, ...)`. Inputs are
            keyed by input name, labels and weights by task name. Inputs of type uint8
            `(n, height, width, channels)` are pictures and leave as float32 in [0, 1].
        batch_size: int, rows of every source in a step; of all together if `"proportional"`.
        epoch: `"longest"` (default), `"shortest"`, `"proportional"` or `"exact"`.
        temperature: float > 0, for `"proportional"` only. Defaults to 1.
        seed: int, for the order and the augmentation. Defaults to 0.
        augment: dict picture input -> `Augmentation`. Dense labels, `(n, height, width)` or `(n,
            height, width, channels)`, move with the picture of their source. Defaults to none.
        rows: dict source name -> integer array, the rows of its arrays that take part. Defaults
            to all rows of every source.
        only: list of the source names to show; the others keep their part in the schedule, so
            that the rows shown are those of the whole. Defaults to all.

    Returns:
        A `tf.data.Dataset` of known cardinality: `(inputs, labels)`, or with `weights` if a source
        has some.

    Raises:
        ValueError: if a source is not of this form or is empty, two sources have an input or a
            task in common, dense labels cannot move with a picture, or an argument is out of its
            range.

    Example:
        >>> digits = ({"digits_image": np.zeros((10, 8, 8, 1), "uint8")}, {"digits": np.arange(10)})
        >>> topics = ({"topics_text": np.ones((4, 5), "int32")}, {"topics": np.arange(4)})
        >>> train = zip_tasks({"digits": digits, "topics": topics}, batch_size=4)
        >>> len(train)
        2
        >>> inputs, labels = next(iter(train))
        >>> {name: tuple(array.shape) for name, array in inputs.items()}
        {'digits_image': (4, 8, 8, 1), 'topics_text': (4, 5)}
    """
    tables = {name: arrays.table(name, source) for name, source in sources.items()}
    arrays.check_names(tables)
    rows = {name: _indices(name, tables, rows or {}) for name in {**tables, **(rows or {})}}
    augment = _check_augment(augment or {}, tables)
    dense = {name: dense_targets(name, table, augment) for name, table in tables.items()}
    shown = list(tables) if only is None else list(only)
    for name in shown:
        if name not in tables:
            raise errors.unknown("source", name, tables)
    sizes = {name: len(index) for name, index in rows.items()}
    schedule = Schedule(sizes, batch_size, epoch, temperature, seed)

    # The epoch is read when an iterator starts, not when the data set is made.
    now = clock.epoch()

    # AutoGraph would find nothing to convert here, and take seconds to see it.
    @tf.autograph.experimental.do_not_convert
    def epoch_plan(_):
        return tf.data.Dataset.from_tensor_slices(
            {
                name: _plan(schedule, name, tables[name], rows[name], augment, now.read_value())
                for name in shown
            }
        )

    @tf.autograph.experimental.do_not_convert
    def gather(plans):
        parts = [_gather(tables[name], plan, augment, dense[name]) for name, plan in plans.items()]
        inputs, labels, weights = (
            {k: v for d in kind for k, v in d.items()} for kind in zip(*parts)
        )
        return (inputs, labels, weights) if weights else (inputs, labels)

    steps = tf.data.Dataset.range(1).flat_map(epoch_plan)
    steps = steps.apply(tf.data.experimental.assert_cardinality(schedule.steps))
    batches = steps.map(gather, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return without_autotune(batches.prefetch(tf.data.AUTOTUNE))


def _plan(schedule, name, table, rows, augment, epoch):
    """What an epoch needs of a source: tensors whose first axis is the step."""
    plan = {
        "rows": tf.gather(rows, schedule.indices(name, epoch)),
        "noise": {
            key: schedule.noise(name, key, epoch, augment[key].draws)
            for key in table.inputs
            if key in augment
        },
    }
    if schedule.mode == "exact":
        plan["present"] = schedule.present(name)
    return plan


def _gather(table, plan, augment, dense):
    """Returns the inputs, labels and weights of one step."""
    inputs = {key: tf.gather(array, plan["rows"]) for key, array in table.inputs.items()}
    for key, value in inputs.items():
        if key in augment:
            inputs[key] = augment[key](value, plan["noise"][key])
        elif _is_picture(value):
            inputs[key] = pictures.scale(value)
    labels = {key: tf.gather(array, plan["rows"]) for key, array in table.labels.items()}
    for task, picture in dense.items():
        if task in labels:
            labels[task] = augment[picture].move(labels[task], plan["noise"][picture])
    weights = {key: tf.gather(array, plan["rows"]) for key, array in table.weights.items()}
    if "present" in plan:
        labels = {
            key: _fill(value, plan["present"], _missing(value)) for key, value in labels.items()
        }
        weights = {key: _fill(value, plan["present"], 0) for key, value in weights.items()}
    return inputs, labels, weights


def _missing(labels):
    return np.nan if labels.dtype.is_floating else -1


def _fill(values, present, filler):
    present = tf.reshape(present, (-1,) + (1,) * (len(values.shape) - 1))
    return tf.where(present, values, tf.constant(filler, values.dtype))


def _is_picture(array):
    return array.dtype == tf.uint8 and len(array.shape) == 4


def _indices(name, tables, rows):
    if name not in tables:
        raise errors.unknown("source in `rows`:", name, tables)
    size = len(tables[name])
    index = np.asarray(rows.get(name, np.arange(size)), np.int64)
    if index.ndim != 1 or (index.size and (index.min() < 0 or index.max() >= size)):
        raise ValueError(
            f"Argument `rows` must hold rows of source {name!r}, 0 to {size - 1}. "
            f"Received: shape {index.shape}"
        )
    with tf.device("CPU"):
        return tf.constant(index, tf.int32)


def _check_augment(augment, tables):
    inputs = {key: array for table in tables.values() for key, array in table.inputs.items()}
    for key in augment:
        if key not in inputs:
            raise errors.unknown("input in `augment`:", key, inputs)
        if not _is_picture(inputs[key]):
            raise ValueError(
                f"Argument `augment` must name uint8 pictures (n, height, width, channels). "
                f"Received: {key!r}, {inputs[key].dtype.name} {tuple(inputs[key].shape)}"
            )
    return augment
