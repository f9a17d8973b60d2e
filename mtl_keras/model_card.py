"""What an export says of itself: `labels.json` to programs, `model_card.md` to people."""

import datetime
import json
import math
import platform

import keras
import tensorflow as tf

from mtl_keras._version import __version__

FORMAT = 1
_OF_THE_EXPORT = ("format", "name", "created", "versions", "tasks", "signatures", "files")
_SHOWN_CLASSES = 20


def describe(data, metrics=None):
    """Returns the card of a model trained on a `Data`, as `export` takes it.

    Args:
        data: `Data`, or what else has `sources` and `examples` by task.
        metrics: dict name -> value, such as `model.evaluate(data.test, return_dict=True)`.

    Example:
        >>> import mtl_keras as mtl
        >>> data = mtl.data.load(topics="sample/headlines")
        >>> describe(data, {"topics_accuracy": 0.9})["data"]["topics"]["set"]
        'sample/headlines'
    """
    facts = {task: {"set": data.sources[task], **data.examples[task]} for task in data.sources}
    return {"data": facts, "metrics": metrics or {}}


def contents(name, signatures, card=None):
    """Returns what `labels.json` holds, as plain values.

    Args:
        name: str, name of the export.
        signatures: `Signatures` of the model.
        card: dict of what the caller knows: `"data"` (dict task -> dict of facts such as
            `"set"` and `"train"`, the number of training rows), `"metrics"` (dict name -> value),
            and whatever else is to be in the card.

    Raises:
        ValueError: `card` is not a dict, or holds a key that is the export's own.
    """
    card = {} if card is None else card
    if not isinstance(card, dict):
        raise ValueError(
            'Argument `card` must be a dict such as {"data": {...}, "metrics": {...}}. '
            f"Received: card={card!r}"
        )
    for key in card:
        if key in _OF_THE_EXPORT:
            raise ValueError(f"Argument `card` must not hold {key!r}, which export writes itself.")
    now = datetime.datetime.now(datetime.UTC)
    return {
        "format": FORMAT,
        "name": name,
        "created": now.isoformat(timespec="seconds"),
        "versions": {
            "mtl_keras": __version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
            "python": platform.python_version(),
        },
        "tasks": {
            task: {"kind": answer.kind, "class_names": answer.class_names}
            for task, answer in signatures.answers.items()
        },
        "signatures": signatures.about,
        **_plain({"data": {}, "metrics": {}, **card}),
    }


def to_json(about):
    """Returns the text of `labels.json`.

    Example:
        >>> to_json({"name": "three_tasks"})
        '{\\n "name": "three_tasks"\\n}\\n'
    """
    return json.dumps(about, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_markdown(about):
    """Returns the text of `model_card.md`."""
    data = about["data"]
    tasks = [
        {
            "task": task,
            "answer": facts["kind"].replace("_", " "),
            "data set": _fact(data, task, "set"),
            "training rows": _fact(data, task, "train"),
            "classes": _classes(facts["class_names"]),
        }
        for task, facts in about["tasks"].items()
    ]
    signatures = [
        {
            "signature": f"`{signature}`",
            "inputs": _tensors(tensors["inputs"]),
            "outputs": _tensors(tensors["outputs"]),
        }
        for signature, tensors in about["signatures"].items()
    ]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    sections = [
        f"# {about['name']}",
        f"A multi-task model of {len(tasks)} task{'s' * (len(tasks) > 1)}, exported on "
        f"{about['created']} as a TensorFlow SavedModel with {versions}. `labels.json` says the "
        "same to programs.",
        "## Tasks\n\n" + _table(tasks),
        "## Data\n\n" + _section(data),
        "## Metrics\n\n" + _section(about["metrics"]),
        "## Signatures\n\nPictures are 0 to 255 and of any size, texts UTF-8. Preprocessing is "
        "inside, and so are vocabulary and class names.\n\n" + _table(signatures),
        "## Use\n\n" + _usage(about),
    ]
    own = (*_OF_THE_EXPORT, "data", "metrics")
    sections += [f"## {key}\n\n{_section(about[key])}" for key in about if key not in own]
    return "\n\n".join(sections) + "\n"


def _usage(about):
    task = next(iter(about["tasks"]))
    arguments = ", ".join(f"{key}=..." for key in about["signatures"][task]["inputs"])
    return (
        "```python\n"
        "import tensorflow as tf\n\n"
        f'served = tf.saved_model.load("{about["name"]}")\n'
        f'answer = served.signatures["{task}"]({arguments})\n'
        "```"
    )


def _section(value):
    """A dict of dicts as a table, a dict as a list, anything else as it is."""
    if not value and value != 0:
        return "Not stated."
    if not isinstance(value, dict):
        return str(value)
    if all(isinstance(row, dict) for row in value.values()):
        return _table([{"": key, **row} for key, row in value.items()])
    return "\n".join(f"- {key}: {_cell(item)}" for key, item in value.items())


def _table(rows):
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = [columns, ["---"] * len(columns)]
    lines += [[_cell(row.get(column)) for column in columns] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value):
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value).replace("|", "\\|").replace("\n", " ")


def _fact(data, task, key):
    """A fact of a task's data; a card may be of any shape."""
    facts = data.get(task) if isinstance(data, dict) else None
    return facts.get(key) if isinstance(facts, dict) else None


def _classes(names):
    shown = ", ".join(names[:_SHOWN_CLASSES])
    return f"{shown}, ... ({len(names):,})" if len(names) > _SHOWN_CLASSES else shown or None


def _tensors(tensors):
    return "; ".join(f"`{key}` {x['dtype']} {_shape(x['shape'])}" for key, x in tensors.items())


def _shape(sizes):
    return f"({', '.join('any' if size is None else str(size) for size in sizes)})"


def _plain(value):
    """A value as JSON has it: NumPy's and tensors' as Python's, what is not finite as `None`."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "numpy"):
        value = value.numpy()
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)
