"""Weighting methods by name."""

import fnmatch

import keras

from mtl_keras.errors import unknown
from mtl_keras.weighting.base import Weighting

_METHODS = {}


def register(name):
    """Makes a method known under a name, and to Keras' saving.

    Args:
        name: str in snake case, such as `"nash_mtl"`.

    Returns:
        A class decorator.

    Raises:
        ValueError: the name is taken by another class.

    Example:
        >>> from mtl_keras.weighting import LossWeighting
        >>> @register("my_thirds")
        ... class MyThirds(LossWeighting):
        ...     def weights(self, losses):
        ...         return [1 / 3] * self.num_tasks
        >>> type(get("my_thirds")) is MyThirds
        True
        >>> del _METHODS["my_thirds"]
    """

    def decorate(cls):
        taken = _METHODS.get(name)
        if taken is not None and taken.__qualname__ != cls.__qualname__:
            raise ValueError(f"Weighting name {name!r} is taken by {taken.__name__}.")
        _METHODS[name] = keras.saving.register_keras_serializable("mtl_keras")(cls)
        return cls

    return decorate


def names(pattern="*"):
    """Returns the names of the methods that match a wildcard pattern, sorted.

    Args:
        pattern: str, as in a shell. Defaults to `"*"`, all.

    Example:
        >>> names("*grad")
        ['cagrad', 'fairgrad', 'pcgrad', 'sdmgrad', 'upgrad']
    """
    return sorted(fnmatch.filter(_METHODS, pattern))


def get(identifier):
    """Returns a weighting method by name, class name, config, static weights or as it is.

    Args:
        identifier: a name (`"pcgrad"` or `"PCGrad"`), a config dict as Keras makes it, a dict of
            constant weights by task name, a method object, or `None` (no weighting).

    Returns:
        A `Weighting`, or `None`.

    Raises:
        ValueError: the name is not known; the nearest one is suggested.

    Example:
        >>> get("PCGrad").get_config()
        {'shuffle': True, 'seed': None}
        >>> get({"digits": 1.0, "topics": 0.5}).get_config()
        {'weights': {'digits': 1.0, 'topics': 0.5}}
    """
    if identifier is None or isinstance(identifier, Weighting):
        return identifier
    if isinstance(identifier, dict):
        if "class_name" in identifier:
            if "config" in identifier and "module" not in identifier:
                return _find(identifier["class_name"])(**identifier["config"])
            return keras.saving.deserialize_keras_object(identifier)
        return _find("static")(weights=identifier)
    if isinstance(identifier, type) and issubclass(identifier, Weighting):
        return identifier()
    if not isinstance(identifier, str):
        raise ValueError(
            "Argument `weighting` must be a name, a config, a dict of weights by task, a "
            f"Weighting or None. Received: weighting={identifier!r}"
        )
    return _find(identifier)()


def _find(name):
    plain = name.replace("_", "").lower()
    for known, cls in _METHODS.items():
        if plain in (known.replace("_", ""), cls.__name__.lower()):
            return cls
    raise unknown("weighting", name, names())
