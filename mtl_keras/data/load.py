"""Data sets into batches: what `fit`, `evaluate` and `export` need, by task name."""

from mtl_keras import errors
from mtl_keras.data.data import Data, Settings
from mtl_keras.data.part import Part
from mtl_keras.data.sources import Source, read


def load(
    *,
    batch_size=128,
    seed=0,
    data_dir=None,
    validation=0.1,
    epoch="longest",
    temperature=1.0,
    augment=None,
    vocabulary_size=10_000,
    sequence_length=None,
    examples=None,
    **tasks,
):
    """Reads data sets into memory and returns their batches, inputs and defaults by task name.

    The validation rows are a random part of the training rows, fixed by the seed, or the set's
    own validation split; the test split is touched through `Data.test` and `Data.raw` only. Sets
    without a test split have one training row in ten held out for it, whatever the seed; sets
    that hide their test labels are tested on their validation split.

    Args:
        batch_size: int, rows of every source in a step. Defaults to 128.
        seed: int, for the split, the order of the rows and the augmentation. Defaults to 0.
        data_dir: str or path, the folder of TensorFlow Datasets. Defaults to the environment's
            `TFDS_DATA_DIR`, else `~/tensorflow_datasets`.
        validation: float in [0, 1), the part of the training rows to validate on, for sets
            without a validation split of their own. 0: no validation data. Defaults to 0.1.
        epoch: `"longest"` (default), `"shortest"` or `"proportional"`: see `zip_tasks`.
        temperature: float, for `"proportional"` only. Defaults to 1.
        augment: `Augmentation` of all training pictures, or a dict of them by input, keyword or
            task. Defaults to none.
        vocabulary_size: int, at most this many token ids for all texts together, the padding and
            the unknown word among them. Defaults to 10,000.
        sequence_length: int, token ids of a text. Defaults to the 95th percentile of the training
            texts of each input, at most 256.
        examples: int, or dict by keyword or task: at most this many training rows, the first of
            the seed's permutation. Defaults to all.
        **tasks: task name = name of a data set or `Source`. A source of several tasks names them
            itself; the keyword is then the name of its inputs, `KEYWORD_image` and `KEYWORD_text`.

    Returns:
        A `Data`.

    Raises:
        ValueError: if a set is unknown, not to be had, empty or not readable, a label is not among
            its classes, two tasks or a task and an input have one name, or an argument is out of
            its range.

    Example:
        >>> data = load(digits="sample/digits", batch_size=32)
        >>> data.tasks, data.outputs, list(data.inputs())
        (['digits'], {'digits': 10}, ['digits_image'])
        >>> inputs, labels = next(iter(data.train))
        >>> labels["digits"].shape
        TensorShape([32])
    """
    if not tasks:
        raise ValueError('`load` must be given at least one task, such as digits="mnist".')
    if not 0 <= validation < 1:
        raise ValueError(
            f"Argument `validation` must be in [0, 1). Received: validation={validation}"
        )
    if epoch == "exact":
        raise ValueError(
            'Argument `epoch` must be "longest", "shortest" or "proportional": "exact" does not '
            "shuffle and is what validation and test use. Received: epoch='exact'"
        )
    sources = {k: v if isinstance(v, Source) else Source(v) for k, v in tasks.items()}
    served = _served(sources)
    settings = Settings(
        batch_size, seed, validation, epoch, temperature, vocabulary_size, sequence_length
    )
    examples = _examples_by_source(examples, served)
    parts = {
        name: Part(
            name, source.name, served[name], read(source, data_dir), settings, examples.get(name)
        )
        for name, source in sources.items()
    }
    _check_input_names(parts)
    return Data(parts, settings, _by_input(augment, parts))


def _served(sources):
    """Dict source -> {task: column}, each task once."""
    served = {name: source.tasks(name) for name, source in sources.items()}
    owner = {}
    for name, tasks in served.items():
        for task in tasks:
            if task in owner:
                raise ValueError(
                    "Two sources must not serve a task of the same name. "
                    f"Received: task {task!r} in both {owner[task]!r} and {name!r}"
                )
            owner[task] = name
    return served


def _check_input_names(parts):
    tasks = {task for part in parts.values() for task in part.columns}
    for part in parts.values():
        for name in part.layers:
            if name in tasks:
                raise ValueError(
                    "A task must not bear the name of an input. "
                    f"Received: {name!r}, an input of {part.set_name!r}"
                )


def _examples_by_source(examples, served):
    """Numbers of training rows for all sources, or by keyword or task -> dict by source."""
    if examples is None:
        return {}
    value = examples if isinstance(examples, dict) else dict.fromkeys(served, examples)
    names = {task: name for name, tasks in served.items() for task in tasks}
    names |= {name: name for name in served}
    for key in value:
        if key not in names:
            raise errors.unknown("task in `examples`:", key, names)
    for key, count in value.items():
        if count != int(count) or count < 1:
            raise ValueError(
                f"Argument `examples` must be whole numbers >= 1. Received: {count} for {key!r}"
            )
    return {names[key]: count for key, count in value.items()}


def _by_input(augment, parts):
    """An augmentation for all pictures, or by input, keyword or task -> dict by input."""
    images = {part.name: f"{part.name}_image" for part in parts.values()}
    images = {n: image for n, image in images.items() if image in parts[n].layers}
    if augment is None:
        return {}
    if not isinstance(augment, dict):
        return dict.fromkeys(images.values(), augment)
    names = {image: image for image in images.values()}
    for name, image in images.items():
        names |= dict.fromkeys([name, *parts[name].columns], image)
    for key in augment:
        if key not in names:
            raise errors.unknown("picture input in `augment`:", key, names)
    return {names[key]: option for key, option in augment.items()}
