"""The options that several commands have, and the data that they describe."""

import argparse
import inspect

from mtl_keras.cli import values
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
    group.add_argument("--batch-size", type=values.whole(1), default=128, metavar="N", help="[128]")
    group.add_argument(
        "--validation", type=values.share, default=0.1, metavar="PART",
        help="part of the training rows to validate on [0.1]",
    )  # fmt: skip
    group.add_argument(
        "--epoch-mode", choices=("longest", "shortest", "proportional"), default="longest",
        help="how an epoch ends with sets of unequal sizes [longest]",
    )  # fmt: skip
    group.add_argument(
        "--augment", action="append", type=values.augmentation, default=[], metavar="[TASK:]HOW",
        help="vary training pictures, of one task or of all: crop=PIXELS, flip, rotation=DEGREES, "
        "brightness=PART, joined by commas; may be given several times",
    )  # fmt: skip
    group.add_argument(
        "--image-size", type=values.size, metavar="H[xW]", help="resize pictures as they are read"
    )
    group.add_argument(
        "--examples",
        type=values.whole(1),
        metavar="N",
        help="at most so many training rows of each set",
    )
    group.add_argument(
        "--vocabulary-size", type=values.whole(3), default=10_000, metavar="N",
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
    group.add_argument("--epochs", type=values.whole(1), default=10, metavar="N", help="[10]")
    group.add_argument(
        "--width",
        type=values.whole(1),
        default=16,
        metavar="N",
        help="filters of the trunk's stem [16]",
    )
    group.add_argument(
        "--text-width",
        type=values.whole(1),
        default=64,
        metavar="N",
        help="size of word vectors [64]",
    )
    group.add_argument(
        "--text-dropout", type=values.share, default=0.3, metavar="PART",
        help="dropout of averaged word vectors [0.3]",
    )  # fmt: skip
    group.add_argument("--optimizer", choices=("adamw", "sgd"), default="adamw", help="[adamw]")
    group.add_argument(
        "--learning-rate", type=values.positive, metavar="X", help="the largest [0.004; sgd 0.2]"
    )
    group.add_argument(
        "--schedule", choices=("one-cycle", "cosine", "constant"), default="one-cycle",
        help="of the learning rate [one-cycle]",
    )  # fmt: skip
    group.add_argument(
        "--weight-decay",
        type=values.at_least_zero,
        metavar="X",
        help="of kernels [0.01; sgd 0.0005]",
    )


def add_seed(parser):
    parser.add_argument(
        "--seed", type=values.whole(0), default=0, metavar="N",
        help="of weights, order, augmentation and validation rows [0]",
    )  # fmt: skip


def add_jacobian(parser):
    parser.add_argument(
        "--jacobian", type=values.jacobian, metavar="HOW",
        help="where, how often and on how much of a batch a gradient method looks, such as "
        "features or last_block,every=4,fraction=0.5 [exactly, at every step]",
    )  # fmt: skip


def load_data(options, data_dir=None):
    """Returns the `Data` that options describe.

    Args:
        options: dict of the data options by name, `tasks` as `values.task_sets` returns it.
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


def _sources(tasks, image_size):
    """Dict keyword -> `Source`; tasks that name columns of one set share its rows."""
    from mtl_keras.data import Source

    by_set = {}
    for task, text in tasks.items():
        name, column = values.split_column(text)
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
