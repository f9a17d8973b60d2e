"""Results of runs and their files.

The result of a run is a dict of plain values:

- `kind` ("multi" or "single"), `seed`, `configuration`, `versions`, `machine`;
- `examples`: task -> numbers of rows; `parameters`, `trainable_parameters`, `flops`;
- `seconds` and `cpu_seconds` of `fit`, tracing and validation included; `history`, its curves;
- `best_epoch`: the epoch, from 0, whose weights were tested; `None` where none had a finite score;
- `test`: what `evaluate` returned; `tasks`: per task what `scores.final_scores` returns.
"""

import functools
import hashlib
import json
import math
import os
import platform
import re
from pathlib import Path

import numpy as np


def plain(value):
    """Returns a value as JSON has it: NumPy and tensor values as Python's, NaN as `None`.

    Example:
        >>> plain({"loss": np.float32(0.5), "seen": (1, float("nan"))})
        {'loss': 0.5, 'seen': [1, None]}
    """
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "numpy"):
        value = value.numpy()
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def nameless(value):
    """Returns a serialised Keras object without names, which Keras numbers as it makes objects.

    Example:
        >>> nameless({"class_name": "Adam", "config": {"name": "adam_3", "learning_rate": 0.1}})
        {'class_name': 'Adam', 'config': {'learning_rate': 0.1}}
    """
    if isinstance(value, dict):
        return {key: nameless(item) for key, item in value.items() if key != "name"}
    return [nameless(item) for item in value] if isinstance(value, list) else value


def write(path, result):
    """Writes a result as JSON, whole or not at all.

    Args:
        path: file to write; its folder is made.
        result: dict of what `plain` takes.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "run.json")
        >>> write(path, {"score": np.float32(0.5)})
        >>> read(path)
        {'score': 0.5}
    """
    text = json.dumps(plain(result), indent=1, allow_nan=False, ensure_ascii=False)
    write_text(path, text + "\n")


def write_text(path, text):
    """Writes a text file, whole or not at all: beside its place first, then renamed.

    Args:
        path: file to write; its folder is made.
        text: str, written as it is, in UTF-8.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "history.csv")
        >>> write_text(path, "epoch,loss")
        >>> path.read_text()
        'epoch,loss'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path):
    """Reads a result that `write` wrote.

    Raises:
        ValueError: the file is no JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(
            f"Result file {str(path)!r} is damaged ({error}). Delete it to have the run done again."
        ) from error


def digest(configuration):
    """Returns eight letters that stand for a configuration, the same in every process.

    Example:
        >>> digest({"epochs": 1, "seed": 2}) == digest({"seed": 2, "epochs": 1})
        True
    """
    text = json.dumps(plain(configuration), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def fingerprint(model):
    """Returns the digest of a model's architecture and options; its weights do not count.

    What differs between two builds of one model is left out: the numbers that Keras appends to
    the names of layers, and addresses of objects.

    Example:
        >>> import keras
        >>> build = lambda rate: keras.Sequential([keras.Input((2,)), keras.layers.Dropout(rate)])
        >>> [fingerprint(build(rate)) == fingerprint(build(0.1)) for rate in (0.1, 0.2)]
        [True, False]
    """
    text = json.dumps(plain(model.get_config()), sort_keys=True)
    varying = r'_\d+(?=["/])|"shared_object_id": \d+|0x[0-9a-f]{6,}'
    return digest(re.sub(varying, "", text))


@functools.cache
def versions():
    """Returns the versions of what a result depends on, as a dict.

    Example:
        >>> sorted(versions())
        ['keras', 'mtl_keras', 'numpy', 'python', 'tensorflow']
    """
    import keras
    import tensorflow as tf

    import mtl_keras

    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "mtl_keras": mtl_keras.__version__,
    }


@functools.cache
def machine():
    """Returns the machine that a result was made on, as a dict.

    Example:
        >>> sorted(machine())
        ['cores', 'gpus', 'platform', 'processor']
    """
    import tensorflow as tf

    gpus = [
        tf.config.experimental.get_device_details(g) for g in tf.config.list_physical_devices("GPU")
    ]
    return {
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "gpus": [details.get("device_name", "unknown") for details in gpus],
    }


def _processor():
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found.group(1) if found else platform.processor()
