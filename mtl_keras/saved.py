"""A client of exports: answers from a SavedModel by task name, without Keras."""

import hashlib
import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from mtl_keras import client_inputs
from mtl_keras.client_inputs import read_texts
from mtl_keras.errors import unknown

__all__ = ["SavedTasks", "load", "read_texts"]

_FORMATS = (1,)


def load(path):
    """Loads an export.

    Args:
        path: str or path, what `MultiTaskModel.export` wrote.

    Returns:
        A `SavedTasks`.

    Raises:
        ValueError: there is no export, it is damaged or of a later version.

    Example:
        >>> load("nowhere")
        Traceback (most recent call last):
        ...
        ValueError: There is no export 'nowhere'.
    """
    path = Path(path)
    if not path.exists():
        raise ValueError(f"There is no export {str(path)!r}.")
    if not (path / "labels.json").is_file():
        raise ValueError(f"{str(path)!r} is no export of mtl_keras: it holds no file labels.json.")
    try:
        about = json.loads((path / "labels.json").read_text(encoding="utf-8"))
        version, files = about["format"], dict(about["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, f"labels.json cannot be read ({error!r})") from error
    if version not in _FORMATS:
        raise ValueError(
            f"The export {str(path)!r} is of format {version!r}, which needs a later mtl_keras."
        )
    for name, digest in files.items():
        try:
            data = (path / name).read_bytes()
        except OSError as error:
            raise _damaged(path, f"{name} cannot be read ({error.strerror})") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise _damaged(path, f"{name} is not what was exported")
    try:
        return SavedTasks(path, about, tf.saved_model.load(str(path)).signatures)
    except Exception as error:  # TensorFlow raises errors of a dozen kinds here.
        raise _damaged(path, f"{type(error).__name__}: {error}") from error


class SavedTasks:
    """The tasks of an export; made by `load`.

    Attributes:
        tasks: list of str.
        class_names: dict task -> list of str; empty for a regression.
        inputs: dict task -> dict input name -> `"image"`, `"text"` or `"value"`.
        about: dict, all that `labels.json` says.

    Example:
        >>> import keras, os, tempfile
        >>> import mtl_keras as mtl
        >>> x = keras.Input((8, 8, 1), name="x")
        >>> head = keras.layers.Dense(2)(keras.layers.Flatten()(x))
        >>> path = os.path.join(tempfile.mkdtemp(), "shapes")
        >>> mtl.MultiTaskModel(x, {"shape": head}).export(path)
        >>> labels, probabilities = load(path).predict("shape", np.zeros((3, 20, 20, 1), "uint8"))
        >>> labels, probabilities.shape
        (['0', '0', '0'], (3, 2))
    """

    def __init__(self, path, about, signatures):
        self.path, self.about = Path(path), about
        self.tasks = list(about["tasks"])
        self.class_names = {task: facts["class_names"] for task, facts in about["tasks"].items()}
        self.inputs = {
            task: {x["input"]: x["kind"] for x in about["signatures"][task]["inputs"].values()}
            for task in self.tasks
        }
        self._signatures = {name: signatures[name] for name in about["signatures"]}

    def predict(self, task, pictures=None, texts=None, values=None, batch_size=128):
        """Answers one task.

        A task that can do without its texts, or without its pictures, answers from what is given.

        Args:
            task: str.
            pictures: list of PNG or JPEG files (paths, or their content as bytes), of any sizes, or
                uint8 array `(n, height, width, channels)`. For a task with several pictures a
                dict of these by input name.
            texts: list of str. For a task with several texts a dict of these by input name.
            values: dict input name -> array `(n, ...)` for inputs that are neither.
            batch_size: int, rows in a call of the SavedModel. Defaults to 128.

        Returns:
            (labels, probabilities): list of `n` str, for a task where a row may have several
            labels a list of `n` lists of str; float32 array `(n, classes)`. For a regression the
            values, float32 array `(n, outputs)`, and `None`.

        Raises:
            ValueError: the task is not known, its inputs are not those given or differ in number,
                a picture is not readable or a text not UTF-8.
        """
        if task not in self.tasks:
            raise unknown("task", task, self.tasks)
        given = {"image": pictures, "text": texts, "value": values}
        signature = self._signature(task, [k for k, source in given.items() if source is not None])
        inputs = {
            x["input"]: x["kind"] for x in self.about["signatures"][signature]["inputs"].values()
        }
        rows = {}
        for kind, source in sorted(given.items(), key=lambda each: each[1] is None):
            rows |= self._rows(task, inputs, kind, source)
        sizes = {name: len(each) for name, each in rows.items()}
        if len(set(sizes.values())) != 1 or not min(sizes.values()):
            counts = ", ".join(f"{name}: {size}" for name, size in sizes.items())
            raise ValueError(
                f"Task {task!r}: inputs must have equally many rows, at least one. "
                f"Received: {counts}"
            )
        if self._files(task, inputs, rows):
            signature += "_encoded"
        return self._labels(task, self._run(signature, rows, batch_size))

    def _signature(self, task, kinds):
        """The signature that takes these kinds of inputs, or that of the task."""
        part = f"{task}_from_{kinds[0]}" if len(kinds) == 1 else task
        other = set(self.inputs[task].values()) - set(kinds)
        return part if other and part in self._signatures else task

    def _run(self, signature, rows, batch_size):
        """Dict output -> array of the answers for all rows."""
        inputs = self.about["signatures"][signature]["inputs"]
        answers = []
        for start in range(0, len(next(iter(rows.values()))), batch_size):
            batch = {
                key: tf.constant(rows[x["input"]][start : start + batch_size], x["dtype"])
                for key, x in inputs.items()
            }
            try:
                answers.append(self._signatures[signature](**batch))
            except (tf.errors.OpError, TypeError, ValueError) as error:
                raise ValueError(
                    f"Signature {signature!r} of {str(self.path)!r} cannot answer: {_reason(error)}"
                ) from error
        return {key: np.concatenate([each[key].numpy() for each in answers]) for key in answers[0]}

    def _labels(self, task, answer):
        kind, names = self.about["tasks"][task]["kind"], self.class_names[task]
        if kind == "value":
            return answer["value"], None
        if kind == "multi_label":
            labels = [[n for n, on in zip(names, row) if on] for row in answer["mask"]]
        else:
            labels = np.vectorize(bytes.decode, otypes=[object])(answer["label"]).tolist()
        return labels, answer["probabilities"]

    def _rows(self, task, inputs, kind, source):
        """Dict input name -> checked rows, of the inputs of one kind."""
        names = [name for name, each in inputs.items() if each == kind]
        argument = {"image": "pictures", "text": "texts", "value": "values"}[kind]
        if not names and source is None:
            return {}
        if not names:
            takes = ", ".join(f"{name} ({each})" for name, each in inputs.items())
            raise ValueError(f"Task {task!r} takes no {argument}. It takes: {takes}.")
        if source is None:
            raise ValueError(f"Task {task!r} needs {argument}. Received: {argument}=None")
        if not isinstance(source, dict):
            source = {names[0]: source}
        if set(source) != set(names):
            raise ValueError(
                f"Task {task!r}: `{argument}` must be a dict with {', '.join(names)}. "
                f"Received: {', '.join(source)}"
            )
        if kind == "image":
            channels = {
                x["input"]: x["shape"][-1]
                for x in self.about["signatures"][task]["inputs"].values()
            }
            return {name: client_inputs.pictures(source[name], channels[name]) for name in names}
        check = {"text": client_inputs.texts, "value": np.asarray}[kind]
        return {name: check(source[name]) for name in names}

    def _files(self, task, inputs, rows):
        """Whether the pictures are files; some files and some arrays cannot be mixed."""
        pictures = {name for name, kind in inputs.items() if kind == "image"}
        files = {name for name in pictures if isinstance(rows[name], list)}
        if files and files != pictures:
            raise ValueError(f"Task {task!r}: give all pictures as files, or all as arrays.")
        return bool(files)


def _reason(error):
    """The line of a message of TensorFlow's that says what was wrong."""
    lines = [line for line in str(error).splitlines() if line and not line.startswith("\t")]
    return lines[-1] if lines else type(error).__name__


def _damaged(path, reason):
    return ValueError(f"The export {str(path)!r} is damaged: {reason}.")
