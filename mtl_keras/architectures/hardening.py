"""The hard network that a searching model has come to."""

import keras

from mtl_keras.architectures.mixers import Mixer


def harden(model):
    """Returns the network that is left when every choice is made, over the same variables.

    Branches (`ltb`) keep the likeliest parent, selectors (`dselect_k`) the likeliest expert of
    each; what nobody chose is not in the new model. Gates that choose for each example stay.

    Args:
        model: a `MultiTaskModel` or a functional `keras.Model`.

    Returns:
        A model of the same class. If `model` is compiled, so is the new one, with a fresh
        optimizer.

    Example:
        >>> from mtl_keras.architectures import ltb
        >>> from mtl_keras.trunks import conv_trunk
        >>> x = keras.Input((8, 8, 1))
        >>> features = ltb(lambda name: conv_trunk(2, name=name), ["a", "b"])(x)
        >>> model = keras.Model(x, features)
        >>> harden(model).count_params() < model.count_params() / 2
        True
    """
    plain = keras.Model(model.input, model.output, name=model.name)
    hard = keras.models.clone_model(plain, clone_function=lambda layer: layer, call_function=_call)
    if not hasattr(model, "tasks"):
        return hard
    outputs = {task: hard.output[task] for task in model.tasks}
    options = {"preprocess": model.preprocess, "class_names": model.class_names}
    found = type(model)(hard.input, outputs, name=model.name, **options)
    if model.compiled:
        _compile_alike(found, model)
    return found


def _compile_alike(found, model):
    """Compiles as another model is, without the learning rates of layers that are gone."""
    config = model.get_compile_config()
    there = {layer.name for layer in found._flatten_layers(include_self=False)}
    factors = config["learning_rate_multipliers"] or {}
    config["learning_rate_multipliers"] = {k: v for k, v in factors.items() if k in there} or None
    found.compile_from_config(config)


def _call(layer, *args, **kwargs):
    return layer.harden(*args) if isinstance(layer, Mixer) else layer(*args, **kwargs)
