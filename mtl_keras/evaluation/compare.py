"""A multi-task model against single-task models: same trunk, rows, steps, selection and seeds."""

import dataclasses
import math
import sys
import time
from pathlib import Path

import keras

from mtl_keras import weighting as weightings
from mtl_keras.evaluation import results
from mtl_keras.evaluation.cost import cost
from mtl_keras.evaluation.report import Comparison
from mtl_keras.evaluation.scores import final_scores
from mtl_keras.evaluation.step_cost import StepCost
from mtl_keras.model import MultiTaskModel

_DIRECTIONS = {"val_mean_score": 1, "val_loss": -1}


def compare(
    build,
    data,
    *,
    epochs,
    seeds=(0,),
    optimizer="adam",
    weighting=None,
    jacobian=None,
    monitor="val_mean_score",
    directory=None,
    callbacks=None,
    verbose=1,
):
    """Trains a model on all tasks together and on each task alone, and compares them on test data.

    For each seed the multi-task model is trained, and for each task a model that is cut out of a
    fresh multi-task model: the same trunk and head, the inputs that the task needs. It sees the
    rows that the joint run shows that task, in as many steps. All runs of a seed start from the
    same weights. Each run keeps the weights of its best validation epoch, the first of equals, and
    sees the test data once, at the end.

    Args:
        build: function of no arguments that returns an uncompiled `MultiTaskModel` with new
            variables at each call.
        data: a `Data` object, as `mtl_keras.data.load` makes it, whose order of rows then is the
            same for all seeds; or a function seed -> `Data`, for one order per seed.
        epochs: int, of every run.
        seeds: sequence of int, default `(0,)`. Intervals need at least two.
        optimizer: name, config or optimizer, of which every run gets a fresh copy; or a function
            of no arguments that returns a fresh one. It brings the learning-rate schedule.
        weighting: weighting of the multi-task runs, as `compile` takes it. Defaults to `None`.
        jacobian: where and how often that weighting looks at gradients, as `compile` takes it.
        monitor: `"val_mean_score"` or `"val_loss"`, what selects the epoch. Both mean the same in
            joint and in single-task runs, where they are about the one task.
        directory: folder that keeps the result of each finished run, one JSON for each
            configuration and seed; such a run is read, not done again. Default none.
        callbacks: list of callbacks for every run, or a function run name (such as
            `"single-digits-seed0"`) -> list. Default none.
        verbose: 0 silent, 1 a line per run (on the standard error), 2 also a line per epoch.

    Returns:
        A `Comparison`.

    Raises:
        ValueError: an argument out of range, data without validation rows, or a model whose tasks
            are not those of the data.

    Example:
        ```python
        comparison = compare(build, data, epochs=10, seeds=range(3), directory="runs")
        comparison.print()
        ```
    """
    seeds = list(seeds)
    if epochs < 1:
        raise ValueError(f"Argument `epochs` must be > 0. Received: epochs={epochs}")
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(
            f"Argument `seeds` must hold different integers, at least one. Received: seeds={seeds}"
        )
    if monitor not in _DIRECTIONS:
        raise ValueError(
            "Argument `monitor` must be 'val_mean_score' or 'val_loss', which mean the same in "
            f"joint and single-task runs. Received: monitor={monitor!r}"
        )
    plan = _Plan(
        build, epochs, optimizer, weighting, monitor, directory, callbacks, verbose, jacobian
    )
    runs, shown = [], None
    for seed in seeds:
        rows = data(seed) if callable(data) else data
        shown = shown or rows
        runs.append(plan.run("multi", rows, seed))
        runs += [plan.run("single", rows.only(task), seed) for task in rows.tasks]
    return Comparison(runs, shown)


def single_task(model, task):
    """Cuts the part that one task needs out of a multi-task model.

    Args:
        model: a `MultiTaskModel`; the variables are shared with it.
        task: str.

    Returns:
        An uncompiled `MultiTaskModel` of one task.

    Example:
        >>> x, y = keras.Input((4,), name="x"), keras.Input((4,), name="y")
        >>> trunk = keras.layers.Dense(8)
        >>> outputs = {"a": keras.layers.Dense(3)(trunk(x)), "b": keras.layers.Dense(2)(trunk(y))}
        >>> alone = single_task(MultiTaskModel({"x": x, "y": y}, outputs), "b")
        >>> alone.tasks, list(alone.inputs_by_name)
        (['b'], ['y'])
    """
    names = model.task_inputs[task]
    inputs = model.inputs_by_name
    return MultiTaskModel(
        inputs={name: inputs[name] for name in names},
        outputs={task: model.output[task]},
        preprocess={n: layer for n, layer in model.preprocess.items() if n in names},
        class_names={t: classes for t, classes in model.class_names.items() if t == task},
    )


@dataclasses.dataclass(frozen=True)
class _Plan:
    """What all runs of a comparison have in common."""

    build: object
    epochs: int
    optimizer: object
    weighting: object
    monitor: str
    directory: object
    callbacks: object
    verbose: int
    jacobian: object = None

    def run(self, kind, data, seed):
        """Returns the result of one run: from its file, or trained."""
        keras.utils.set_random_seed(seed)
        model = self.build()
        if kind == "single":
            model = single_task(model, *data.tasks)
        if set(model.tasks) != set(data.tasks):
            raise ValueError(
                f"Model and data must have the same tasks. Received: {model.tasks}, {data.tasks}"
            )
        if data.validation is None:
            raise ValueError("Argument `data` must have validation rows, which select the epoch.")
        optimizer = self._fresh_optimizer()
        weighting = self._fresh_weighting() if kind == "multi" else None
        jacobian = self.jacobian if kind == "multi" else None
        configuration = self._configuration(model, data, optimizer, weighting)
        if jacobian is not None:
            configuration["jacobian"] = jacobian.get_config()
        name = "-".join([kind, *(data.tasks if kind == "single" else []), f"seed{seed}"])
        path = None
        if self.directory is not None:
            path = Path(self.directory) / f"{name}-{results.digest(configuration)}.json"
            if path.exists():
                self._say(f"{name}: read from {path}")
                return results.read(path)
        costs = cost(model, _input_shapes(model, data))
        model.compile(
            optimizer,
            loss=data.losses,
            metrics=data.metrics,
            weighting=weighting,
            jacobian=jacobian,
        )
        found = {
            "kind": kind,
            "seed": seed,
            "configuration": configuration,
            "versions": results.versions(),
            "machine": results.machine(),
            "examples": data.examples,
            **costs._asdict(),
            **self._train(model, data, name),
            **final_scores(model, data),
        }
        found = results.plain(found)
        if path is not None:
            results.write(path, found)
        scores = ", ".join(f"{t} {_text(r['score'])}" for t, r in found["tasks"].items())
        self._say(f"{name}: {scores}, {found['seconds']:.0f} s")
        return found

    def _say(self, text):
        if self.verbose:
            print(text, file=sys.stderr, flush=True)

    def _fresh_optimizer(self):
        if callable(self.optimizer):
            return self.optimizer()
        optimizer = keras.optimizers.get(self.optimizer)
        return keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))

    def _fresh_weighting(self):
        method = weightings.get(self.weighting)
        return method and type(method).from_config(method.get_config())

    def _configuration(self, model, data, optimizer, weighting):
        return {
            "model": results.fingerprint(model),
            "tasks": data.tasks,
            "sources": data.sources,
            "examples": data.examples,
            "batch_size": data.batch_size,
            "data_seed": data.seed,
            # What `load` was told besides; reprs of dataclasses.
            "data_options": [repr(getattr(data, name, None)) for name in ("_settings", "_augment")],
            "steps_per_epoch": int(data.train.cardinality()),
            "epochs": self.epochs,
            "monitor": self.monitor,
            "optimizer": _serialize(optimizer),
            "weighting": _serialize(weighting),
            "losses": {task: _serialize(data.losses[task]) for task in data.tasks},
            "metrics": {task: _serialize(data.metrics[task]) for task in data.tasks},
        }

    def _train(self, model, data, name):
        """Trains a model, leaves it with its best weights and returns what happened."""
        callbacks = self.callbacks(name) if callable(self.callbacks) else self.callbacks or []
        best, step = _BestEpoch(self.monitor), StepCost()
        train, validation = data.train, data.validation
        wall, cpu = time.perf_counter(), time.process_time()
        history = model.fit(
            train,
            validation_data=validation,
            epochs=self.epochs,
            shuffle=False,
            callbacks=[*callbacks, best, step],
            verbose=2 if self.verbose > 1 else 0,
        ).history
        seconds = {
            "seconds": time.perf_counter() - wall,
            "cpu_seconds": time.process_time() - cpu,
            "step_seconds": step.step_seconds,
            "peak_mb": step.peak_mb,
        }
        best.restore()
        return {**seconds, "best_epoch": best.epoch, "history": history}


class _BestEpoch(keras.callbacks.Callback):
    """Keeps the weights of the best validation epoch, the first of equals, in memory."""

    def __init__(self, monitor):
        super().__init__()
        self.monitor, self.sign = monitor, _DIRECTIONS[monitor]
        self.epoch, self.value, self.weights = None, -math.inf, None

    def on_epoch_end(self, epoch, logs=None):
        if self.monitor not in logs:
            raise ValueError(
                f"Argument `monitor` must be in the logs. Received: monitor={self.monitor!r}, "
                f"logs are {', '.join(logs)}"
            )
        value = self.sign * logs[self.monitor]
        if value > self.value:  # never true for NaN
            self.epoch, self.value, self.weights = epoch, value, self.model.get_weights()

    def restore(self):
        if self.weights is not None:
            self.model.set_weights(self.weights)


def _input_shapes(model, data):
    """Returns the shapes of the training rows: an input of a trunk may leave its size open."""
    specs = data.train.element_spec[0]
    return {name: specs[name].shape[1:] for name in model.inputs_by_name}


def _serialize(thing):
    return results.nameless(results.plain(keras.saving.serialize_keras_object(thing)))


def _text(score):
    return "nan" if score is None else f"{score:.4g}"
