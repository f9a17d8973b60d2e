"""One training of an experiment: fit, selection on validation rows, one test, what it cost."""

import math
import time
import types

import keras
import numpy as np

from mtl_keras import presets
from mtl_keras.evaluation import cost, single_task
from mtl_keras.evaluation.scores import final_scores
from mtl_keras.experiments.disturbances import LEVELS, disturb

_TRAIN_ROWS = 10_000  # so many rows tell what the training accuracy is


def sgd(learning_rate, momentum=0.9):
    """Returns the setting of stochastic gradient descent with momentum at a constant rate.

    Example:
        >>> sgd(0.01)["config"]
        {'learning_rate': 0.01, 'momentum': 0.9}
    """
    return {"class_name": "SGD", "config": {"learning_rate": learning_rate, "momentum": momentum}}


def adam(learning_rate=0.001):
    """Returns the setting of Adam at a constant rate, by default Keras' own.

    Example:
        >>> adam()["class_name"]
        'Adam'
    """
    return {"class_name": "Adam", "config": {"learning_rate": learning_rate}}


def one_cycle(learning_rate=0.004):
    """Returns the setting of AdamW under a one-cycle schedule.

    Example:
        >>> one_cycle()
        {'preset': 'adamw', 'learning_rate': 0.004}
    """
    return {"preset": "adamw", "learning_rate": learning_rate}


def optimizer(setting, steps):
    """Returns the optimizer of a setting, for a run of so many steps.

    Example:
        >>> type(optimizer(sgd(0.5), steps=10)).__name__
        'SGD'
    """
    if "preset" in setting:
        return presets.optimizer(
            setting["preset"], steps=steps, learning_rate=setting["learning_rate"]
        )
    return keras.optimizers.get(setting)


def train(model, data, settings, losses=None, class_weight=None):
    """Trains a model and returns what it came to.

    The epoch with the best mean validation score is kept and tested, once.

    Args:
        model: an uncompiled `MultiTaskModel`, or one of more tasks than the data have: of one
            task the part that it needs is trained then.
        data: a `Data` or `Derived` of the tasks to train.
        settings: dict with `optimizer` and `epochs`, and those of `plan.TRAINING` and `weighting`
            that differ from the default; where `epoch` is `"last"`, the last one is tested.
        losses: dict task -> loss, in place of those of the data. Defaults to none.
        class_weight: as `fit` takes it. Defaults to none.

    Returns:
        dict of plain values, NumPy arrays and tensors: `examples`, the cost, `seconds`,
        `epoch_seconds`, `epoch_cpu_seconds`, `history`, `best_epoch`, `test`, `tasks` as of
        `mtl_keras.evaluation.compare`, `train`, the scores on training batches after training, and
        `disturbed`, dict disturbance -> list of (level, scores).

    Example:
        >>> import mtl_keras as mtl
        >>> data = mtl.data.load(digits="sample/digits", examples=32, batch_size=32)
        >>> settings = {"optimizer": sgd(0.1), "epochs": 1, "run_eagerly": True}
        >>> found = train(mtl.presets.shared_model(data, width=1), data, settings)
        >>> found["examples"]["digits"]["train"], list(found["tasks"])
        (32, ['digits'])
    """
    if set(model.tasks) != set(data.tasks):
        model = single_task(model, *data.tasks)
    epochs, batches = settings["epochs"], data.train
    validation = first(data, "validation", settings.get("validation_rows"))
    test = first(data, "test", settings.get("test_rows"))
    shapes = {k: batches.element_spec[0][k].shape[1:] for k in model.inputs_by_name}
    found = {"examples": _examples(data, settings), **cost(model, shapes)._asdict()}
    model.compile(
        optimizer(settings["optimizer"], epochs * int(batches.cardinality())),
        loss=data.losses | (losses or {}),
        metrics=data.metrics,
        weighting=settings.get("weighting"),
        run_eagerly=settings.get("run_eagerly", False),
    )
    last = settings.get("epoch") == "last"
    best = keras.callbacks.EarlyStopping(
        "val_mean_score", mode="max", patience=epochs, restore_best_weights=not last
    )
    clock = _Clock()
    model.fit(
        batches,
        validation_data=validation,
        epochs=epochs,
        class_weight=class_weight,
        callbacks=[best, clock],
        verbose=0,
    )
    shown = types.SimpleNamespace(test=test, class_names=data.class_names)
    tested = final_scores(model, shown, samples=8)
    scores = {task: f"{task}_{result['metric']}" for task, result in tested["tasks"].items()}

    def score(rows):
        logs = model.evaluate(rows, return_dict=True, verbose=0)
        return {task: logs[key] for task, key in scores.items()}

    found |= clock.found() | {"history": model.history.history}
    found |= {"best_epoch": epochs - 1 if last else best.best_epoch, **tested}
    found["train"] = score(batches.take(max(1, _TRAIN_ROWS // data.batch_size)))
    if settings.get("robustness"):
        few = first(data, "test", settings.get("disturbed_rows"))
        found["disturbed"] = {
            kind: [[level, score(disturb(few, kind, level))] for level in levels]
            for kind, levels in LEVELS.items()
        }
    return found


def first(data, split, rows):
    """Returns the first validation or test batches, at least so many rows of each source.

    Args:
        data: a `Data` or `Derived`.
        split: `"validation"` or `"test"`.
        rows: int, or `None` for all.

    Example:
        >>> import mtl_keras as mtl
        >>> data = mtl.data.load(digits="sample/digits", batch_size=32)
        >>> int(first(data, "test", 40).cardinality()), int(first(data, "test", None).cardinality())
        (2, 12)
    """
    batches = getattr(data, split)
    return batches if rows is None else batches.take(math.ceil(rows / data.batch_size))


def _examples(data, settings):
    """The numbers of rows that were used."""
    found = {task: dict(counts) for task, counts in data.examples.items()}
    for split in ("validation", "test"):
        rows = settings.get(f"{split}_rows")
        for counts in found.values() if rows else ():
            whole_batches = math.ceil(rows / data.batch_size) * data.batch_size
            counts[split] = min(counts[split], whole_batches)
    return found


class _Clock(keras.callbacks.Callback):
    """The times of the whole and of each epoch, of which the first holds the tracing."""

    def on_train_begin(self, logs=None):
        self._marks = [self._now()]

    def on_epoch_end(self, epoch, logs=None):
        self._marks.append(self._now())

    def _now(self):
        return time.perf_counter(), time.process_time()

    def found(self):
        wall, cpu = np.diff(self._marks, axis=0).T
        later = slice(1, None) if len(wall) > 1 else slice(None)
        return {
            "seconds": wall.sum(),
            "cpu_seconds": cpu.sum(),
            "epoch_seconds": np.median(wall[later]),
            "epoch_cpu_seconds": np.median(cpu[later]),
        }
