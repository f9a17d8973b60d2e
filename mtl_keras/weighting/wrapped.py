"""Methods inside methods."""

import keras

from mtl_keras.weighting.registry import get


def fresh(identifier, sees):
    """Returns a method as a new object that is not built, for one wrapper alone.

    Args:
        identifier: anything but `None` that `weighting.get` takes.
        sees: tuple of str, what the method may look at.

    Raises:
        ValueError: the method is not known, or looks at something else.

    Example:
        >>> fresh("mgda", sees=("gramian",)).get_config()
        {'normalization': 'none'}
    """
    method = get(identifier)
    if getattr(method, "sees", None) not in sees:
        raise ValueError(
            f"A wrapped method must look at one of: {', '.join(sees)}. Received: {identifier!r}"
        )
    return type(method).from_config(method.get_config())


def config_of(method):
    """Returns what `get` makes the method from again, not built."""
    config = keras.saving.serialize_keras_object(method)
    return {key: value for key, value in config.items() if key != "build_config"}
