"""The layers that turn raw values into the inputs of a model."""

import keras


class Preprocess:
    """Preprocessing layers by input name, kept beside a model.

    They are no part of the graph that is trained: string layers would switch off XLA for the
    whole model. One layer may serve several inputs and is saved once.

    Args:
        layers: dict input name -> layer or `Sequential`.

    Example:
        >>> text = keras.layers.TextVectorization(vocabulary=["good", "film"])
        >>> kept = Preprocess.from_config(Preprocess({"text": text}).get_config())
        >>> list(map(str, kept.layers["text"].get_vocabulary()))
        ['', '[UNK]', 'good', 'film']
    """

    def __init__(self, layers):
        for name, layer in layers.items():
            if not isinstance(layer, keras.layers.Layer):
                raise ValueError(
                    f"Argument `preprocess` must hold Keras layers. Received: {name!r}: {layer!r}"
                )
        self.layers = dict(layers)

    @property
    def _unique(self):
        return list({id(layer): layer for layer in self.layers.values()}.values())

    def get_config(self):
        """Returns the configs of the layers, each once."""
        unique = self._unique
        order = {id(layer): index for index, layer in enumerate(unique)}
        return {
            "layers": [keras.saving.serialize_keras_object(_with_vocabulary(x)) for x in unique],
            "inputs": {name: order[id(layer)] for name, layer in self.layers.items()},
        }

    @classmethod
    def from_config(cls, config):
        """Returns what `get_config` described."""
        unique = [keras.saving.deserialize_keras_object(layer) for layer in config["layers"]]
        return cls({name: unique[index] for name, index in config["inputs"].items()})

    def variables(self):
        """Returns (key, variable) of all weights, such as those of `Normalization`."""
        return [
            (f"preprocess_{number}_{index}", variable)
            for number, layer in enumerate(self._unique)
            for index, variable in enumerate(layer.variables)
            if not variable.path.endswith("seed_generator_state")
        ]


def _with_vocabulary(layer):
    """An adapted text layer does not have its vocabulary in its config."""
    if isinstance(layer, keras.Sequential):
        parts = [_with_vocabulary(part) for part in layer.layers]
        changed = any(new is not old for new, old in zip(parts, layer.layers))
        return keras.Sequential(parts, name=layer.name) if changed else layer
    if not isinstance(layer, keras.layers.TextVectorization):
        return layer
    config = layer.get_config()
    if config.get("vocabulary") is not None or layer.vocabulary_size() <= 2:
        return layer
    skip = 2 if config["output_mode"] == "int" else 1
    return type(layer).from_config({**config, "vocabulary": layer.get_vocabulary()[skip:]})
