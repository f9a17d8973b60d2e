"""Freezing a trunk, and training it more slowly than the heads."""

from mtl_keras.trunks.base import Trunk


def freeze(model, trunk):
    """Stops the training of a trunk; compile the model afterwards, again if it was compiled.

    Its batch normalisation stops too: frozen, it normalises with its moving statistics.

    Args:
        model: a `keras.Model` that holds the trunk, also one that was loaded.
        trunk: the `Trunk`, or its name. Names of trunks must not begin with each other's.

    Raises:
        ValueError: the model has no layer of this trunk.

    Example:
        >>> import keras
        >>> from mtl_keras.trunks import mlp
        >>> x = keras.Input((28, 28, 1))
        >>> model = keras.Model(x, keras.layers.Dense(10)(mlp()(x)))
        >>> freeze(model, "mlp")
        >>> len(model.trainable_variables)
        2
    """
    for layer in _layers(model, trunk):
        layer.trainable = False


def unfreeze(model, trunk):
    """Lets a trunk train again; compile the model afterwards.

    Args:
        model, trunk: as for `freeze`.

    Raises:
        ValueError: the model has no layer of this trunk.

    Example:
        >>> import keras
        >>> from mtl_keras.trunks import mlp
        >>> x = keras.Input((28, 28, 1))
        >>> model = keras.Model(x, keras.layers.Dense(10)(mlp()(x)))
        >>> freeze(model, "mlp")
        >>> unfreeze(model, "mlp")
        >>> len(model.trainable_variables)
        6
    """
    for layer in _layers(model, trunk):
        layer.trainable = True


def learning_rates(model, trunk, factor):
    """Returns what `compile(learning_rate_multipliers=...)` takes to train a trunk more slowly.

    Args:
        model, trunk: as for `freeze`.
        factor: float, on the updates of the trunk; the heads keep the full ones.

    Returns:
        dict layer name -> factor.

    Raises:
        ValueError: the model has no layer of this trunk.

    Example:
        >>> import keras
        >>> from mtl_keras.trunks import mlp
        >>> x = keras.Input((28, 28, 1))
        >>> model = keras.Model(x, keras.layers.Dense(10)(mlp()(x)))
        >>> learning_rates(model, "mlp", 0.1)
        {'mlp_stem1': 0.1, 'mlp_hidden1': 0.1}
    """
    return {layer.name: factor for layer in _layers(model, trunk) if layer.weights}


def _layers(model, trunk):
    name = trunk.name if isinstance(trunk, Trunk) else trunk
    found = [layer for layer in model.layers if layer.name.startswith(f"{name}_")]
    if not found:
        raise ValueError(
            f"The model has no trunk {name!r}: no layer's name begins with '{name}_'. "
            f"Its layers: {', '.join(layer.name for layer in model.layers)}."
        )
    return found
