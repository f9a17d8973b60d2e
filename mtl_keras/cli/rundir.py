"""The directory of a training run: what was asked for, how it went, what came out."""

import csv
import io
import json
import shutil
import time
from pathlib import Path

import keras

from mtl_keras.cli.console import Failure
from mtl_keras.evaluation import results
from mtl_keras.registered import model as models

_PARTS = ("config.json", "checkpoint", "history.csv", "model.keras", "metrics.json", "plots")


class RunDirectory:
    """The files of a training run.

    `config.json` holds the options that decide the outcome, `checkpoint/` what the run goes on
    from, `history.csv` a row for each epoch, `model.keras` the model of the best epoch so far,
    `metrics.json` the results on test data and `plots/` the figures.

    Args:
        path: str or path.

    Example:
        >>> RunDirectory("runs/one").model.as_posix()
        'runs/one/model.keras'
    """

    def __init__(self, path):
        self.path = Path(path)
        self.config, self.checkpoint, self.history, self.model, self.metrics, self.plots = (
            self.path / part for part in _PARTS
        )

    def check(self, options, overwrite=False):
        """Checks that a run with these options can begin or go on here.

        Args:
            options: dict of plain values, which a run that goes on must have, too.
            overwrite: bool, whether a run that is there may be another one. Defaults to `False`.

        Raises:
            ValueError: the directory holds something else, or a run with other options.
        """
        if self.config.exists():
            if not overwrite:
                self._check_same(results.plain(options))
        elif self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise ValueError(
                f"{str(self.path)!r} holds something that is no run of `train`. Give another --out."
            )

    def make(self, options, about, overwrite=False):
        """Makes the directory of a run that begins here, or leaves it for one that goes on.

        Args:
            options: dict of plain values.
            about: dict of further facts for `config.json`.
            overwrite: bool, whether a run that is there is removed. Defaults to `False`.
        """
        if self.config.exists() and not overwrite:
            return
        for part in _PARTS:
            _remove(self.path / part)
        results.write(self.config, {"options": options, **about})

    def _check_same(self, options):
        there = self.read_config()["options"]
        for name in dict.fromkeys([*there, *options]):
            # As text, since the order of the tasks counts.
            if json.dumps(there.get(name)) != json.dumps(options.get(name)):
                raise ValueError(
                    f"{str(self.path)!r} holds a run with another {_option(name)}: "
                    f"{there.get(name)!r}; received {options.get(name)!r}. Give another --out, or "
                    "--overwrite to start anew."
                )

    def read_config(self):
        """Returns what `config.json` holds.

        Raises:
            ValueError: the directory holds no run, or the file is damaged.
        """
        if not self.config.is_file():
            raise ValueError(f"{str(self.path)!r} holds no run of mtl-keras train: no config.json.")
        config = results.read(self.config)
        if not isinstance(config, dict) or "tasks" not in config.get("options", {}):
            raise ValueError(f"{str(self.config)!r} is damaged: it names no tasks.")
        return config

    def write_history(self, history):
        """Writes the values of each epoch.

        Args:
            history: dict name -> list of values.
        """
        text = io.StringIO(newline="")
        rows = csv.writer(text)
        rows.writerow(["epoch", *history])
        rows.writerows(
            (number, *values) for number, values in enumerate(zip(*history.values()), start=1)
        )
        results.write_text(self.history, text.getvalue())


class Recorder(keras.callbacks.Callback):
    """Logs the seconds of each epoch, validation included, and writes the history at its end.

    Args:
        directory: `RunDirectory`.
    """

    def __init__(self, directory):
        super().__init__()
        self.directory = directory

    def on_epoch_begin(self, epoch, logs=None):
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = time.perf_counter() - self._wall
        logs["cpu_seconds"] = time.process_time() - self._cpu
        past = self.model.history.history
        self.directory.write_history({key: [*past.get(key, []), logs[key]] for key in logs})


def load_model(path):
    """Loads a `.keras` file that holds a multi-task model.

    Args:
        path: str or path of the file.

    Raises:
        ValueError: there is no such file.
        Failure: it is damaged, or holds another kind of model.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no model file {str(path)!r}.")
    try:
        model = keras.saving.load_model(path)
    except Exception as error:  # A damaged file fails in a dozen ways.
        raise Failure(f"Model file {str(path)!r} cannot be loaded: {error}") from error
    if not isinstance(model, models.MultiTaskModel):
        raise Failure(f"{str(path)!r} holds no multi-task model, but a {type(model).__name__}.")
    return model


def _remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _option(name):
    return "set of tasks" if name == "tasks" else f"--{name.replace('_', '-')}"
