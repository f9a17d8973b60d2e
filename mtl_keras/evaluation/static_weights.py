"""Constant weights of the tasks, tuned on validation data."""

import numpy as np

from mtl_keras.evaluation.compare import _DIRECTIONS, _Plan


def tune_static(
    build,
    data,
    *,
    epochs,
    candidates=8,
    seed=0,
    optimizer="adam",
    monitor="val_mean_score",
    directory=None,
    callbacks=None,
    verbose=1,
):
    """Finds constant weights of the tasks by random search: what a weighting method must beat.

    The first candidate is 1 for each task. The weights of the others are drawn evenly on a
    logarithmic scale, up to a factor of 10 apart, and sum to the number of tasks. The best epoch of
    each candidate's run counts, on validation data; test data say nothing here.

    Args:
        build: function of no arguments that returns an uncompiled `MultiTaskModel`.
        data: a `Data` object, or a function seed -> `Data`, as for `compare`.
        epochs: int, of every run.
        candidates: int >= 1, how many weights are tried, a run each. Defaults to 8.
        seed: int, of the draws and of the runs. Defaults to 0.
        optimizer, monitor, directory, callbacks, verbose: as for `compare`; with one directory, its
            runs and these are not done twice.

    Returns:
        dict task -> weight, as `compare` takes it for `weighting`.

    Raises:
        ValueError: `candidates` is less than 1.

    Example:
        ```python
        weights = tune_static(build, data, epochs=10, candidates=16, directory="runs")
        comparison = compare(build, data, epochs=10, weighting=weights, directory="runs")
        ```
    """
    if candidates < 1:
        raise ValueError(f"Argument `candidates` must be > 0. Received: candidates={candidates}")
    rows = data(seed) if callable(data) else data
    scores = []
    tried = _draw(rows.tasks, candidates, seed)
    for weights in tried:
        plan = _Plan(build, epochs, optimizer, weights, monitor, directory, callbacks, verbose)
        found = plan.run("multi", rows, seed)["history"][monitor]
        scores.append(max(_DIRECTIONS[monitor] * value for value in found if value is not None))
    return tried[int(np.argmax(scores))]


def _draw(tasks, candidates, seed):
    """Returns the weights to try, dicts by task."""
    powers = np.random.default_rng(seed).uniform(-0.5, 0.5, (candidates, len(tasks)))
    powers[0] = 0.0
    weights = 10.0**powers
    weights *= len(tasks) / weights.sum(axis=1, keepdims=True)
    return [dict(zip(tasks, row.round(4).tolist(), strict=True)) for row in weights]
