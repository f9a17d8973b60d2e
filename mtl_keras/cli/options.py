"""The options that several commands have, and how their values read."""

import argparse
import inspect
import os
import re

from mtl_keras.errors import unknown


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are two lines.

    It takes no abbreviations, and options may stand between the arguments of a command.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, allow_abbrev=False, **kwargs)
        self._mixing = False

    def parse_known_args(self, args=None, namespace=None):
        if self._subparsers is not None or self._mixing:
            return super().parse_known_args(args, namespace)
        self._mixing = True  # The method below comes back here, once for options.
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._mixing = False

    def error(self, message):
        self.exit(2, f"{self.prog}: error: {message}\nSee {self.prog} --help.\n")


def add_command(commands, name, run, help, json=True, **kwargs):
    """Adds the parser of a command with the options that all have, and returns it."""
    parser = commands.add_parser(
        name, help=help, description=f"{help[0].upper()}{help[1:]}.", **kwargs
    )
    parser.set_defaults(run=run)
    group = parser.add_argument_group("output")
    group.add_argument("--quiet", action="store_true", help="print results and errors only")
    if json:
        group.add_argument("--json", action="store_true", help="print the result as JSON")
    else:
        parser.set_defaults(json=False)
    group.add_argument("--debug", action="store_true", help="print the traceback of an error")
    return parser


def add_data_options(parser):
    """Adds what `load_data` reads."""
    parser.add_argument(
        "tasks", nargs="+", metavar="TASK=SET",
        help="a task and its data set: a name of TensorFlow Datasets, sample/NAME, a folder of "
        "pictures, a .csv or .tsv file; SET#COLUMN names the label column",
    )  # fmt: skip
    group = parser.add_argument_group("data")
    add_data_dir(group)
    group.add_argument("--batch-size", type=whole(1), default=128, metavar="N", help="[128]")
    group.add_argument(
        "--validation", type=share, default=0.1, metavar="PART",
        help="part of the training rows to validate on [0.1]",
    )  # fmt: skip
    group.add_argument(
        "--epoch-mode", choices=("longest", "shortest", "proportional"), default="longest",
        help="how an epoch ends with sets of unequal sizes [longest]",
    )  # fmt: skip
    group.add_argument(
        "--augment", action="append", type=augmentation, default=[], metavar="[TASK:]HOW",
        help="vary training pictures, of one task or of all: crop=PIXELS, flip, rotation=DEGREES, "
        "brightness=PART, joined by commas; may be given several times",
    )  # fmt: skip
    group.add_argument(
        "--image-size", type=size, metavar="H[xW]", help="resize pictures as they are read"
    )
    group.add_argument(
        "--examples", type=whole(1), metavar="N", help="at most so many training rows of each set"
    )
    group.add_argument(
        "--vocabulary-size", type=whole(3), default=10_000, metavar="N",
        help="at most so many words of all texts together [10000]",
    )  # fmt: skip


def add_data_dir(group):
    group.add_argument(
        "--data-dir", metavar="DIR",
        help="where TensorFlow Datasets lie [$TFDS_DATA_DIR, else ~/tensorflow_datasets]",
    )  # fmt: skip


def add_training_options(parser):
    """Adds what `presets.shared_model` and `presets.optimizer` read."""
    group = parser.add_argument_group("model and training")
    group.add_argument("--epochs", type=whole(1), default=10, metavar="N", help="[10]")
    group.add_argument(
        "--width", type=whole(1), default=16, metavar="N", help="filters of the trunk's stem [16]"
    )
    group.add_argument(
        "--text-width", type=whole(1), default=64, metavar="N", help="size of word vectors [64]"
    )
    group.add_argument(
        "--text-dropout", type=share, default=0.3, metavar="PART",
        help="dropout of averaged word vectors [0.3]",
    )  # fmt: skip
    group.add_argument("--optimizer", choices=("adamw", "sgd"), default="adamw", help="[adamw]")
    group.add_argument(
        "--learning-rate", type=positive, metavar="X", help="the largest [0.004; sgd 0.2]"
    )
    group.add_argument(
        "--schedule", choices=("one-cycle", "cosine", "constant"), default="one-cycle",
        help="of the learning rate [one-cycle]",
    )  # fmt: skip
    group.add_argument(
        "--weight-decay", type=at_least_zero, metavar="X", help="of kernels [0.01; sgd 0.0005]"
    )


def add_seed(parser):
    parser.add_argument(
        "--seed", type=whole(0), default=0, metavar="N",
        help="of weights, order, augmentation and validation rows [0]",
    )  # fmt: skip


# ------------------------------------------------------------------ what values must be


def whole(least):
    """Returns the reader of a whole number that is at least so large."""

    def read(text):
        if not re.fullmatch(r"\d+", text) or int(text) < least:
            raise argparse.ArgumentTypeError(f"must be a whole number >= {least}, not {text!r}")
        return int(text)

    return read


def _number(text, law, legal):
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not legal(number):
        raise argparse.ArgumentTypeError(f"must be a number {law}, not {text!r}")
    return number


def positive(text):
    return _number(text, "> 0", lambda x: 0 < x < float("inf"))


def at_least_zero(text):
    return _number(text, ">= 0", lambda x: 0 <= x < float("inf"))


def share(text):
    return _number(text, "from 0 to below 1", lambda x: 0 <= x < 1)


def size(text):
    """Reads `64` or `64x48`, height and width in pixels, as a list of two."""
    if not re.fullmatch(r"[1-9]\d*(x[1-9]\d*)?", text):
        raise argparse.ArgumentTypeError(f"must be pixels such as 64 or 64x48, not {text!r}")
    height, _, width = text.partition("x")
    return [int(height), int(width or height)]


def seeds(text):
    """Reads `0,1,2` as a list of different whole numbers."""
    if not re.fullmatch(r"\d+(,\d+)*", text):
        raise argparse.ArgumentTypeError(f"must be whole numbers such as 0,1,2, not {text!r}")
    found = [int(part) for part in text.split(",")]
    if len(set(found)) < len(found):
        raise argparse.ArgumentTypeError(f"must be different numbers, not {text!r}")
    return found


def augmentation(text):
    """Reads `[TASK:]crop=4,flip` as `{"task": TASK or None, "crop": 4, "flip": True}`.

    Example:
        >>> augmentation("objects:crop=4,flip")
        {'task': 'objects', 'crop': 4, 'flip': True}
    """
    task, _, options = text.rpartition(":")
    read = {"crop": whole(0), "rotation": at_least_zero, "brightness": at_least_zero}
    found = {"task": task or None}
    for option in options.split(","):
        name, given, value = option.partition("=")
        if name == "flip" and not given:
            found["flip"] = True
        elif name in read and given:
            found[name] = read[name](value)
        else:
            raise argparse.ArgumentTypeError(
                "must be made of crop=PIXELS, flip, rotation=DEGREES and brightness=PART, "
                f"joined by commas, such as crop=4,flip or objects:crop=4,flip; not {text!r}"
            )
    return found


def weighting(text):
    """Reads a weighting: a name, `none`, or constant weights such as `digits=1,topics=0.5`.

    Example:
        >>> weighting("digits=1,topics=0.5")
        {'digits': 1.0, 'topics': 0.5}
    """
    if text == "none":
        return None
    if "=" not in text:
        return text
    pairs = [part.partition("=") for part in text.split(",")]
    return {task: at_least_zero(value) for task, _, value in pairs}


def jacobian(text):
    """Reads where a gradient method looks: a place, `every=K`, `fraction=PART`, joined by commas.

    Example:
        >>> jacobian("features,every=4")
        {'at': 'features', 'every': 4}
    """
    read = {"every": whole(1), "fraction": positive}
    found = {}
    for part in text.split(","):
        name, given, value = part.partition("=")
        if name in read and given:
            found[name] = read[name](value)
        elif part and not given and "at" not in found:
            found["at"] = part
        else:
            raise argparse.ArgumentTypeError(
                "must be made of a place (shared, features, last_block), every=K and "
                f"fraction=PART, joined by commas, such as features,every=4; not {text!r}"
            )
    return found


def add_jacobian(parser):
    parser.add_argument(
        "--jacobian", type=jacobian, metavar="HOW",
        help="where, how often and on how much of a batch a gradient method looks, such as "
        "features or last_block,every=4,fraction=0.5 [exactly, at every step]",
    )  # fmt: skip


def task_sets(texts):
    """Returns dict task -> data set of arguments `TASK=SET`.

    Paths are made absolute, so that they also hold in another directory.

    Raises:
        ValueError: one is not of this form, a task comes twice, or its name is not one that an
            output of a model may have.

    Example:
        >>> task_sets(["digits=mnist", "coarse=trec#label-coarse"])
        {'digits': 'mnist', 'coarse': 'trec#label-coarse'}
    """
    found = {}
    for text in texts:
        task, _, name = text.partition("=")
        if not re.fullmatch(r"[A-Za-z]\w*", task, re.ASCII) or not name:
            raise ValueError(
                "A task must be given as TASK=SET, such as digits=mnist, TASK of letters, digits "
                f"and underscores. Received: {text!r}"
            )
        if task in found:
            raise ValueError(f"Task {task!r} is given twice: {found[task]!r} and {name!r}.")
        looks_like_path = name.startswith((".", "~", os.sep)) or ".csv" in name or ".tsv" in name
        found[task] = os.path.abspath(os.path.expanduser(name)) if looks_like_path else name
    return found


# ------------------------------------------------------------------ the data


def load_data(options, data_dir=None):
    """Returns the `Data` that options describe.

    Args:
        options: dict of the data options by name, `tasks` as `task_sets` returns it.
        data_dir: str or `None`.

    Raises:
        ValueError: as `mtl_keras.data.load`.
    """
    from mtl_keras import data

    reserved = set(inspect.signature(data.load).parameters)
    for task in options["tasks"]:
        if task in reserved:
            raise ValueError(f"A task cannot be called {task!r}, which is an option of `load`.")
    try:
        return data.load(
            batch_size=options["batch_size"],
            seed=options["seed"],
            data_dir=data_dir,
            validation=options["validation"],
            epoch=options["epoch_mode"],
            augment=_augmentations(options),
            vocabulary_size=options["vocabulary_size"],
            examples=options["examples"],
            **_sources(options["tasks"], options["image_size"]),
        )
    except ValueError as error:
        raise ValueError(_in_terms_of_the_command_line(str(error))) from error


def _in_terms_of_the_command_line(message):
    """Errors of `load` say what to write in Python."""
    for python, here in (("column", "TASK=SET#COLUMN"), ("image_size", "--image-size H[xW]")):
        if python in message:
            return f"{message} (On the command line: {here}.)"
    return message


def split_column(text):
    """Returns set and label column of `SET#COLUMN`, the column `None` where none is named.

    Example:
        >>> split_column("trec#label-fine"), split_column("mnist")
        (('trec', 'label-fine'), ('mnist', None))
    """
    name, _, column = (text, "", "") if os.path.exists(text) else text.partition("#")
    return name, column or None


def _sources(tasks, image_size):
    """Dict keyword -> `Source`; tasks that name columns of one set share its rows."""
    from mtl_keras.data import Source

    by_set = {}
    for task, text in tasks.items():
        name, column = split_column(text)
        by_set.setdefault(name if column else (name, task), {})[task] = column
    sources = {}
    for key, columns in by_set.items():
        name = key if isinstance(key, str) else key[0]
        labels = dict(columns) if len(columns) > 1 else next(iter(columns.values()))
        sources["_".join(columns)] = Source(name, labels=labels, image_size=image_size)
    return sources


def _augmentations(options):
    """What `load` takes as `augment`: for all pictures, or by task."""
    from mtl_keras.data import Augmentation

    found = {}
    for given in options["augment"]:
        how = {name: value for name, value in given.items() if name != "task"}
        if given["task"] in found:
            raise ValueError(f"--augment is given twice for {given['task'] or 'all tasks'}.")
        if given["task"] is not None and given["task"] not in options["tasks"]:
            raise unknown("task in --augment", given["task"], options["tasks"])
        found[given["task"]] = Augmentation(**how)
    if None in found and len(found) > 1:
        raise ValueError("--augment must be given for all pictures or by task, not both.")
    return found.get(None, found) or None
