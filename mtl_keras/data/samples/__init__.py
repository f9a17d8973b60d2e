"""Sample data that come with the package: small, varied, and no network needed."""

import functools

from mtl_keras.data.samples import (
    canvas_digits,
    captions,
    digits,
    drawings,
    headlines,
    number_words,
    smart_home,
)
from mtl_keras.errors import unknown

# With the numbers of training and test examples.
_SETS = {
    "canvas_digits": (canvas_digits, 4000, 1000),
    "captions": (captions, 6480, 1008),
    "digits": (digits, 1437, 360),
    "drawings": (drawings, 4000, 1000),
    "headlines": (headlines, 2395, 400),
    "number_words": (number_words, 5748, 720),
    "smart_home": (smart_home, 2000, 500),
}


def names():
    """Returns the names of the sample sets.

    Example:
        >>> names()[:3]
        ['canvas_digits', 'captions', 'digits']
    """
    return list(_SETS)


def rows(name):
    """Returns the numbers of training and test examples of a sample set, without making them.

    Args:
        name: str, one of `names()`.

    Raises:
        ValueError: if there is no sample set of that name.

    Example:
        >>> rows("digits")
        (1437, 360)
    """
    return _find(name)[1:]


def _find(name):
    if name not in _SETS:
        raise unknown("sample set", name, names())
    return _SETS[name]


@functools.cache
def load(name):
    """Returns a sample set as arrays, drawn once in a process; none of them can be written to.

    Args:
        name: str, one of `names()`.

    Returns:
        A dict: `train` and `test` are pairs `(inputs, labels)`; `inputs` maps `image` to uint8
        (rows, height, width, channels), `text` to an object array of str (rows,), or both, or it
        maps the names of several views to pictures; `labels` maps `label`, and further columns
        where the set has some, to int32 (rows,). `class_names` maps each column to a list of str.

    Raises:
        ValueError: if there is no sample set of that name.

    Example:
        >>> sorted(load("digits"))
        ['class_names', 'test', 'train']
    """
    found = _find(name)[0].load()
    for split in ("train", "test"):
        for columns in found[split]:
            for array in columns.values():
                array.flags.writeable = False
    return found
