"""What the builders of this package cost with their default options."""

import keras

from mtl_keras import architectures, fusion, text, trunks
from mtl_keras.evaluation.cost import cost

SETTINGS = {
    "trunks": "a 32 x 32 x 3 picture",
    "text": "64 token ids of a vocabulary of 10,000",
    "fusion": "two vectors of 128",
    "architectures": "three tasks, a 32 x 32 x 3 picture and conv_trunk(16)",
}


def builders(room):
    """Returns dict name -> builder class of a room such as `mtl_keras.trunks`.

    Example:
        >>> "conv_trunk" in builders(trunks), "freeze" in builders(trunks)
        (True, False)
    """
    found = {name: getattr(room, name) for name in room.__all__ if name.islower()}
    return {name: builder for name, builder in found.items() if isinstance(builder, type)}


def component_costs(kind, names=None):
    """Returns the parameters and FLOPs of each builder of a kind, made with its defaults.

    `SETTINGS` says on what each kind is counted. `application` stands for MobileNetV2, at the
    size to which it enlarges small pictures.

    Args:
        kind: `"trunks"`, `"text"`, `"fusion"` or `"architectures"`.
        names: list of str, which builders. Defaults to all.

    Returns:
        dict name -> `Cost`.

    Example:
        >>> component_costs("trunks", ["conv_trunk"])["conv_trunk"].parameters
        412784
    """
    room = {"trunks": trunks, "text": text, "fusion": fusion, "architectures": architectures}[kind]
    found = builders(room)
    return {name: cost(_MODELS[kind](found[name])) for name in (found if names is None else names)}


def _trunk(builder):
    x = keras.Input((32, 32, 3))
    trunk = builder("MobileNetV2") if builder is trunks.application else builder()
    return keras.Model(x, trunk(x))


def _text(builder):
    x = keras.Input((64,), dtype="int32")
    return keras.Model(x, builder(10_000)(x))


def _fusion(builder):
    parts = [keras.Input((128,)), keras.Input((128,))]
    return keras.Model(parts, builder()(parts))


def _architecture(builder):
    x = keras.Input((32, 32, 3))
    share = builder(lambda name: trunks.conv_trunk(16, name=name), ["a", "b", "c"])
    return keras.Model(x, share(x))


_MODELS = {"trunks": _trunk, "text": _text, "fusion": _fusion, "architectures": _architecture}
