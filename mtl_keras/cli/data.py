"""`mtl-keras data`: which data sets there are, and what one of them holds."""

import os
from pathlib import Path

from mtl_keras.cli import console, options, values

LONGEST_TEXT = 60
_INFO = "dataset_info.json"


def add_parser(commands):
    """Adds the command."""
    parser = options.add_command(
        commands, "data", run, "list the data sets that are here, or describe one"
    )
    parser.add_argument(
        "set", nargs="?", metavar="SET",
        help="a set to describe: a name of TensorFlow Datasets (downloaded if it is not here), "
        "sample/NAME, a folder of pictures, a .csv or .tsv file; SET#COLUMN names its label column",
    )  # fmt: skip
    options.add_data_dir(parser)
    parser.add_argument(
        "--image-size", type=values.size, metavar="H[xW]", help="resize pictures as they are read"
    )


def run(args):
    """Prints the sets, or one set."""
    console.start()
    if args.set:
        _describe(args)
    else:
        _list(args)


def _list(args):
    from mtl_keras.data import samples

    folder, prepared = _prepared(args.data_dir)
    rows = [(f"sample/{name}", *samples.rows(name)) for name in samples.names()]
    found = {
        "samples": [dict(zip(("set", "train", "test"), row)) for row in rows],
        "data_dir": folder,
        "sets": prepared,
    }
    header = ("set", "train", "test")
    tables = [lambda: console.table(header, rows, "Bundled")]
    if prepared:
        cells = [(s["set"], s["train"], s["test"], s["official_train"]) for s in prepared]
        tables.append(lambda: console.table((*header, "official train"), cells, f"In {folder}"))
    console.show(args, found, *tables)
    if not prepared:
        console.say(args, f"No sets of TensorFlow Datasets in {folder}.")


def _prepared(data_dir):
    """The folder of TensorFlow Datasets, and the facts of each set that is prepared there."""
    import tensorflow_datasets as tfds

    from mtl_keras.data import tfds_builder

    folder = data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    folder = os.path.expanduser(folder)
    if not os.path.isdir(folder):
        if data_dir:
            raise ValueError(f"--data-dir {data_dir!r} is no directory.")
        return folder, []
    infos = [path for depth in ("*/*", "*/*/*") for path in Path(folder).glob(f"{depth}/{_INFO}")]
    found = {}
    for path in sorted(infos):  # Of several versions the last one counts.
        info = tfds.builder_from_directory(path.parent).info
        name = info.full_name.rpartition("/")[0]
        rows = {split: facts.num_examples for split, facts in info.splits.items()}
        found[name] = {
            "set": name,
            "train": rows.get("train"),
            "test": rows.get("test", rows.get("validation")),
            "official_train": tfds_builder.OFFICIAL_TRAIN.get(name),
        }
    return folder, list(found.values())


def _describe(args):
    from mtl_keras.data.sources import Source, read

    name, column = values.split_column(args.set)
    found = read(Source(name, labels=column, image_size=args.image_size), args.data_dir)
    splits = {
        split: {"rows": len(rows), "inputs": {k: _input(v) for k, v in rows.inputs.items()}}
        for split, rows in found.splits.items()
    }
    labels = {
        column: {
            "classes": names,
            "rows": {s: _counts(rows.labels[column], names) for s, rows in found.splits.items()},
        }
        for column, names in found.class_names.items()
    }
    result = {
        "set": args.set,
        "official_train": found.official_train,
        "splits": splits,
        "labels": {str(column): facts for column, facts in labels.items()},
    }
    rows = [
        (split, facts["rows"], "; ".join(f"{k}: {v}" for k, v in facts["inputs"].items()))
        for split, facts in splits.items()
    ]
    tables = [lambda: console.table(("split", "rows", "inputs"), rows, args.set)]
    for column, facts in labels.items():
        header = (f"{column}: class", *found.splits)
        cells = list(zip(facts["classes"], *facts["rows"].values()))
        tables.append(lambda header=header, cells=cells: console.table(header, cells))
    console.show(args, result, *tables)
    if found.official_train not in (None, len(found.splits["train"])):
        console.say(args, f"The official set has {found.official_train:,} training rows.")


def _input(values):
    """What an input is: the size of its pictures, or its first text."""
    if values.ndim == 4:
        height, width, channels = values.shape[1:]
        return f"{height} x {width} x {channels} pictures"
    text = " ".join(values[0].split())
    return f"texts such as {text[:LONGEST_TEXT]!r}{' ...' * (len(text) > LONGEST_TEXT)}"


def _counts(labels, names):
    """How many rows each class has; the last two axes of several labels are rows and labels."""
    import numpy as np

    if labels.ndim == 2:
        return np.nansum(labels, axis=0).astype(int).tolist()
    return np.bincount(labels[labels >= 0], minlength=len(names)).tolist()
