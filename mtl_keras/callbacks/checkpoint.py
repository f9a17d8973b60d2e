"""Exact checkpoints: an interrupted run goes on as if it had not been."""

import json
import os
import re
import sys

import keras
import numpy as np
import tensorflow as tf

from mtl_keras.saving import beside

# What Keras' callbacks remember between epochs.
_MEMORY = (
    "best",
    "wait",
    "stopped_epoch",
    "best_epoch",
    "cooldown_counter",
    "_batches_seen_since_last_saving",
)


class Checkpoint(keras.callbacks.Callback):
    """Keeps everything that training needs to go on, bit for bit, where it stopped.

    `fit` with this callback goes on from the checkpoint, if the directory holds one: weights,
    optimizer, weighting, states of random layers, place in the order of the data, running
    metrics, history and the other callbacks' best values. The file is written beside the earlier
    one and renamed, so that a kill at any moment or a full disk leaves the earlier one whole.

    Args:
        directory: str or path, made if it is not there.
        every_steps: int, also write every so many batches of an epoch; needs a
            `tf.data.Dataset` whose order is a function of the epoch, as those of this package.
            Defaults to `None`, at the end of each epoch.

    Raises:
        ValueError: the checkpoint is damaged or belongs to another model; its path is named.

    Example:
        >>> import tempfile
        >>> Checkpoint(tempfile.mkdtemp()).exists()
        False
    """

    def __init__(self, directory, every_steps=None):
        super().__init__()
        if every_steps is not None and every_steps < 1:
            raise ValueError(
                f"Argument `every_steps` must be >= 1 or None. Received: every_steps={every_steps}"
            )
        self.directory = os.fspath(directory)
        self.path = os.path.join(self.directory, "checkpoint.npz")
        self.every_steps = every_steps
        self._restored = None
        self._others = []
        self._epoch = self._first_batch = self._written = 0

    def exists(self):
        """Returns whether the directory holds a checkpoint."""
        return os.path.exists(self.path)

    def check(self, x, options):
        """Refuses data with which training cannot go on exactly; called by `fit`."""
        if options.get("steps_per_epoch"):
            raise ValueError(
                "A Checkpoint does not go with `steps_per_epoch`: an epoch must begin at the "
                "beginning of the data. Use dataset.take(steps) instead."
            )
        if self.every_steps and not isinstance(x, tf.data.Dataset):
            raise ValueError(
                "Training can go on inside an epoch only with a tf.data.Dataset, whose order is "
                f"known. Received: every_steps={self.every_steps}, x of type {type(x).__name__}"
            )

    def resume(self, model, callbacks):
        """Restores the model; called by `fit`.

        Args:
            model: the compiled model.
            callbacks: the other callbacks of the run, whose best values are kept too.

        Returns:
            (epoch, batch) to go on with, (0, 0) where there is no checkpoint.
        """
        self._first_batch = self._written = 0
        self._others = list(callbacks)
        if not self.exists():
            return 0, 0
        state, arrays = self._read()
        variables = _variables(model)
        if state["variables"] != _describe(variables):
            raise ValueError(f"Checkpoint {self.path} belongs to another model or compile.")
        for index, variable in enumerate(variables):
            variable.assign(arrays[f"variable_{index}"])
        self._restored = (state, arrays)
        self._first_batch = self._written = state["batch"]
        return (sys.maxsize, 0) if state["stopped"] else (state["epoch"], state["batch"])

    def on_train_begin(self, logs=None):
        """Gives the other callbacks their memory back, which Keras has just reset."""
        if self._restored is None:
            return
        state, arrays = self._restored
        memories = {(m["class"], m["number"]): m for m in state["callbacks"]}
        for key, callback in _numbered(self._others):
            memory = memories.get(key, {"memory": {}, "best_weights": 0})
            for name, value in memory["memory"].items():
                setattr(callback, name, value)
            if memory["best_weights"]:
                callback.best_weights = [
                    arrays[f"best_{key[0]}_{key[1]}_{i}"] for i in range(memory["best_weights"])
                ]
        history = self._history()
        history.history, history.epoch = state["history"], state["epochs"]

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch
        if self._restored is None:
            return
        (state, arrays), self._restored = self._restored, None
        if state["batch"]:  # the running metrics, which Keras has just reset
            for index, variable in enumerate(self.model.metrics_variables):
                variable.assign(arrays[f"metric_{index}"])

    def on_train_batch_begin(self, batch, logs=None):
        # Before a batch, not after one: at the end of an epoch there is nothing to go on with.
        done = self._first_batch + batch
        if self.every_steps and done // self.every_steps > self._written // self.every_steps:
            self._write(self._epoch, done)
            self._written = done

    def on_epoch_end(self, epoch, logs=None):
        self._first_batch = self._written = 0
        self._write(epoch + 1, 0)

    def _history(self):
        return next(c for c in self._others if isinstance(c, keras.callbacks.History))

    def _write(self, epoch, batch):
        variables = _variables(self.model)
        arrays = {f"variable_{i}": v.numpy() for i, v in enumerate(variables)}
        if batch:
            arrays |= {f"metric_{i}": v.numpy() for i, v in enumerate(self.model.metrics_variables)}
        memories = []
        for (name, number), callback in _numbered(self._others):
            best_weights = getattr(callback, "best_weights", None) or []
            arrays |= {f"best_{name}_{number}_{i}": w for i, w in enumerate(best_weights)}
            memory = {k: _plain(v) for k, v in vars(callback).items() if k in _MEMORY}
            memories.append(
                {
                    "class": name,
                    "number": number,
                    "memory": memory,
                    "best_weights": len(best_weights),
                }
            )
        history = self._history()
        state = {
            "epoch": epoch,
            "batch": batch,
            "stopped": bool(self.model.stop_training),
            "variables": _describe(variables),
            "callbacks": memories,
            "history": {key: list(map(_plain, values)) for key, values in history.history.items()},
            "epochs": list(history.epoch),
        }
        os.makedirs(self.directory, exist_ok=True)
        with beside(self.path) as temporary, open(temporary, "wb") as file:
            np.savez(file, state=np.array(json.dumps(state)), **arrays)
            file.flush()
            os.fsync(file.fileno())

    def _read(self):
        try:
            with np.load(self.path, allow_pickle=False) as file:
                arrays = {key: file[key] for key in file.files}
            return json.loads(str(arrays.pop("state"))), arrays
        except Exception as error:  # zipfile and NumPy raise nearly anything on foreign bytes
            raise ValueError(
                f"Checkpoint {self.path} is damaged ({error}). Remove it to start anew."
            ) from error


def _variables(model):
    everything = [*model.variables, *model.optimizer.variables, *model._keeper.variables]
    return list({id(v): v for v in everything}.values())


def _describe(variables):
    """What two builds of one model share; the numbers that Keras appends to names vary."""
    return [
        [
            re.sub(r"_\d+(?=_|/|$)", "", v.path),
            list(v.shape),
            keras.backend.standardize_dtype(v.dtype),
        ]
        for v in variables
    ]


def _numbered(callbacks):
    """Yields ((class name, how manieth of this class), callback)."""
    seen = {}
    for callback in callbacks:
        name = type(callback).__name__
        seen[name] = seen.get(name, -1) + 1
        yield (name, seen[name]), callback


def _plain(value):
    value = value.numpy() if hasattr(value, "numpy") else value
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
