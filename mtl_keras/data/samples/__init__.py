"""Sample data that come with the package: small, varied, and no network needed."""

from mtl_keras.data.samples import captions, digits, drawings, headlines
from mtl_keras.errors import unknown

_SETS = {"captions": captions, "digits": digits, "drawings": drawings, "headlines": headlines}


def names():
    """Returns the names of the sample sets.

    Example:
        >>> names()
        ['captions', 'digits', 'drawings', 'headlines']
    """
    return list(_SETS)


def load(name):
    """Returns a sample set as arrays, the same ones at each call.

    Args:
        name: str, one of `names()`.

    Returns:
        A dict: `train` and `test` are pairs `(inputs, labels)`; `inputs` maps `image` to uint8
        (rows, height, width, channels), `text` to an object array of str (rows,), or both;
        `labels` maps `label` to int32 (rows,). `class_names` maps `label` to a list of str.

    Raises:
        ValueError: if there is no sample set of that name.

    Example:
        >>> sorted(load("digits"))
        ['class_names', 'test', 'train']
    """
    if name not in _SETS:
        raise unknown("sample set", name, names())
    return _SETS[name].load()
