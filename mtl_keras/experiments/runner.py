"""Runs an experiment: what is not there yet, one file for each result, with the time left."""

import inspect
import json
import sys
import time
from pathlib import Path

import keras

from mtl_keras.evaluation import results as files
from mtl_keras.experiments import plan, storage
from mtl_keras.experiments.results import Results


def run(experiment, scale="smoke", seeds=(0,), out="runs/reproduce", data_dir=None, only=None,
        say=None):  # fmt: skip
    """Runs an experiment and returns its results.

    A result that is there is read, not made again; one that is written is complete. So the same
    call goes on where an interrupted one stopped. Rows whose data are not to be had are left out
    with a message.

    Args:
        experiment: module of `mtl_keras.experiments`.
        scale: `"smoke"` (default), `"laptop"` or `"full"`.
        seeds: sequence of int. Defaults to `(0,)`.
        out: folder; results are written to `OUT/NAME/runs`. Defaults to `"runs/reproduce"`.
        data_dir: folder of TensorFlow Datasets. Defaults as in `mtl_keras.data.load`.
        only: list of the variants to run. Defaults to all.
        say: function that takes a line of progress. Defaults to standard error.

    Returns:
        `Results` of the variants asked for.

    Raises:
        ValueError: a scale or variant is not known.

    Example:
        ```python
        results = runner.run(experiments.get("image_text"), "laptop", seeds=range(5))
        ```
    """
    plan.check_scale(scale)
    name = experiment.__name__.rpartition(".")[2]
    folder = Path(out) / name
    variants = plan.chosen(experiment.variants(scale), only)
    jobs = plan.jobs(name, variants, list(seeds), folder / "runs")
    progress = _Progress(name, jobs, say or _say)
    loaded = _Loaded(experiment.load, data_dir)
    for job in jobs:
        if job.path.exists():
            progress.found(job)
            continue
        try:
            data = loaded(job)
        except ValueError as error:
            progress.left_out(job, error)
            continue
        keras.utils.set_random_seed(job.seed)
        found = experiment.run(job.settings, job.seed, data, folder)
        facts = {"versions": files.versions(), "machine": files.machine()}
        head = {"experiment": name, "scale": scale, "seed": job.seed, "settings": job.settings}
        storage.write(job.path, {**head, **facts, **found})
        progress.done(job, found)
    return read(experiment, scale, seeds, out, only)


def read(experiment, scale="smoke", seeds=(0,), out="runs/reproduce", only=None):
    """Returns the `Results` that are there; arguments as of `run`."""
    plan.check_scale(scale)
    name = experiment.__name__.rpartition(".")[2]
    folder = Path(out) / name / "runs"
    runs = {}
    for variant, rows in plan.chosen(experiment.variants(scale), only).items():
        for row, settings in rows.items():
            paths = {seed: plan.result_path(folder, name, settings, seed) for seed in seeds}
            found = {seed: files.read(path) for seed, path in paths.items() if path.exists()}
            if found:
                runs.setdefault(variant, {})[row] = found
    return Results(runs)


class _Loaded:
    """The data that were loaded last, since most rows of a variant are trained on the same."""

    def __init__(self, load, data_dir):
        self._load, self._data_dir = load, data_dir
        parameters = inspect.signature(load).parameters
        self._names = [name for name in parameters if name not in ("seed", "data_dir")]
        self._key = self._data = None

    def __call__(self, job):
        wanted = {name: job.settings[name] for name in self._names if name in job.settings}
        key = json.dumps([job.seed, wanted])
        if key != self._key:
            self._key, self._data = None, self._load(job.seed, self._data_dir, **wanted)
            self._key = key
        return self._data


class _Progress:
    """Tells how far the whole plan is. Jobs are weighed by their epochs and examples."""

    def __init__(self, name, jobs, say):
        self._name, self._say, self._of = name, say, len(jobs)
        self._left = {job.path: _weight(job.settings) for job in jobs}
        self._start, self._worked, self._count = time.monotonic(), 0, 0

    def found(self, job):
        self._tell(job, "is there")

    def left_out(self, job, error):
        self._tell(job, f"left out: {error}")

    def done(self, job, found):
        self._worked += self._left[job.path]
        scores = [f"{t} {r['score']:.4g}" for t, r in found["tasks"].items()][:4]
        self._tell(job, f"{', '.join(scores)}, {found['seconds']:.0f} s")

    def _tell(self, job, text):
        self._count += 1
        del self._left[job.path]
        line = f"[{self._count}/{self._of}] {self._name}, {job.name}, seed {job.seed}: {text}"
        if self._worked and self._left:
            pace = (time.monotonic() - self._start) / self._worked
            line += f"; {_duration(pace * sum(self._left.values()))} left"
        self._say(line)


def _weight(settings):
    return settings.get("epochs", 1) * (settings.get("examples") or 50_000)


def _duration(seconds):
    """Returns a time to go as text.

    Example:
        >>> _duration(42), _duration(4000)
        ('42 s', '1 h 07 min')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def _say(line):
    print(line, file=sys.stderr, flush=True)
