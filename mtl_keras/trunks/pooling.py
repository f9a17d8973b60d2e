"""Global pooling by name."""

from keras import layers

_LAYERS = {
    "max": {3: layers.GlobalMaxPooling1D, 4: layers.GlobalMaxPooling2D},
    "avg": {3: layers.GlobalAveragePooling1D, 4: layers.GlobalAveragePooling2D},
}


def global_pooling(pooling, rank=4):
    """Returns the layer class that turns a map into features.

    Args:
        pooling: `"max"`, `"avg"` or `None`.
        rank: int, axes of what is pooled: 4 for maps, 3 for tokens. Defaults to 4.

    Returns:
        A class, or `None` where there is nothing to pool.

    Raises:
        ValueError: the pooling is another one.

    Example:
        >>> global_pooling("avg").__name__
        'GlobalAveragePooling2D'
    """
    if pooling is None:
        return None
    if pooling not in _LAYERS:
        raise ValueError(
            f"Argument `pooling` must be 'max', 'avg' or None. Received: pooling={pooling!r}"
        )
    return _LAYERS[pooling][rank]
