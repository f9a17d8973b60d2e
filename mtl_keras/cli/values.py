"""How the values of options read, and what they must be."""

import argparse
import os
import re


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


def split_column(text):
    """Returns set and label column of `SET#COLUMN`, the column `None` where none is named.

    Example:
        >>> split_column("trec#label-fine"), split_column("mnist")
        (('trec', 'label-fine'), ('mnist', None))
    """
    name, _, column = (text, "", "") if os.path.exists(text) else text.partition("#")
    return name, column or None
