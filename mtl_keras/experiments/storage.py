"""The file of a result: one line of JSON, small enough to be committed by the hundred."""

import json

from mtl_keras.evaluation.results import plain, write_text

_DIGITS = 6  # significant ones


def write(path, result):
    """Writes a result, whole or not at all.

    Args:
        path: file to write; its folder is made.
        result: dict, as of `training.train` with what the runner adds.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> path = Path(tempfile.mkdtemp(), "run.json")
        >>> write(path, {"seed": 0, "seconds": 1 / 3})
        >>> path.read_text()
        '{"seed":0,"seconds":0.333333}\\n'
    """
    text = json.dumps(small(result), separators=(",", ":"), ensure_ascii=False)
    write_text(path, text + "\n")


def small(result):
    """Returns what reports need of a result: six digits, and of the curves those of validation.

    Example:
        >>> curves = {"loss": [2.0, 1.0], "a_loss": [2.0, 1.0], "val_a_accuracy": [0.5, 2 / 3]}
        >>> small({"tasks": {"a": {"metric": "accuracy"}}, "history": curves})["history"]
        {'loss': [2.0, 1.0], 'val_a_accuracy': [0.5, 0.666667]}
    """
    found = _rounded(plain(result))
    found.pop("test", None)  # its scores stand under `tasks`
    tasks = found.get("tasks", {})
    for of_task in tasks.values():
        of_task.pop("samples", None)
    kept = {"loss", "val_mean_score"}
    kept |= {f"val_{task}_{of_task.get('metric')}" for task, of_task in tasks.items()}
    if "history" in found:
        found["history"] = _chosen(found["history"], kept)
    return found


def _chosen(history, keys):
    if isinstance(history, list):  # of several models
        return [_chosen(each, keys) for each in history]
    return {key: curve for key, curve in history.items() if key in keys}


def _rounded(value):
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value
