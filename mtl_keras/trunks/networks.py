"""Ready-made networks by name: those of `keras.applications`, and presets of keras-hub."""

import os
import types

import keras
from keras import layers

from mtl_keras.errors import unknown


def find(name):
    """Returns the `Application` or `HubPreset` of a name.

    Args:
        name: str, a network of `keras.applications`, such as `"ResNet50"`, or, where keras-hub is
            installed, a preset such as `"resnet_18_imagenet"` or the path of one.

    Raises:
        ValueError: the name is not known, or it may be a preset and keras-hub is not installed.

    Example:
        >>> find("InceptionV3").smallest
        75
    """
    applications = [key for key in vars(keras.applications) if key[0].isupper()]
    if name in applications:
        return Application(name)
    try:
        import keras_hub
    except ImportError:
        hint = "Presets of keras-hub need `pip install keras-hub`."
        raise ValueError(f"{unknown('network', name, applications)} {hint}") from None
    if name in keras_hub.models.Backbone.presets or os.sep in name:
        return HubPreset(name)
    raise unknown("network", name, applications)


class Application:
    """A network of `keras.applications`.

    Args:
        name: str, its name there.

    Attributes:
        smallest: int, height and width of the smallest picture that it takes.
    """

    def __init__(self, name):
        self.name = name
        self.smallest = {"InceptionV3": 75, "InceptionResNetV2": 75, "Xception": 71}.get(name, 32)

    def scaling(self, name):
        """Returns the layer that brings pictures in [0, 1] to the range of the network."""
        return ApplicationScaling(self.name, name=name)

    def make(self, weights, input_size, name, **options):
        """Returns the network without its classes, a `keras.Model`."""
        build = getattr(keras.applications, self.name)
        options = {"input_shape": (*input_size, 3), **options}
        try:
            network = build(include_top=False, weights=weights, **options)
        except Exception as error:  # Keras raises no narrower one when there is no connection
            if "URL fetch failure" not in str(error):
                raise
            raise OSError(
                f"The ImageNet weights of {self.name} are not there and could not be fetched. Put "
                "the file of this address into the folder `models` of $KERAS_HOME (~/.keras), or "
                f"pass the path of a weights file as `weights`. Keras says: {error}"
            ) from error
        network.name = name  # afterwards, since EfficientNetV2 looks its blocks up by it
        return network


class HubPreset:
    """A backbone of keras-hub for pictures.

    Args:
        name: str, the preset.

    Attributes:
        smallest: int, height and width of the smallest picture that it takes.
    """

    smallest = 32

    def __init__(self, name):
        self.name = name

    def scaling(self, name):
        """Returns the layer that brings pictures in [0, 1] to the range of the network."""
        import keras_hub

        converter = keras_hub.layers.ImageConverter.from_preset(self.name)
        scale = 1.0 if converter.scale is None else converter.scale
        scale = keras.tree.map_structure(lambda factor: 255.0 * factor, scale)
        return layers.Rescaling(scale, converter.offset or 0.0, name=name, dtype="float32")

    def make(self, weights, input_size, name, **options):
        """Returns the backbone, a `keras.Model`; any `weights` mean those of the preset."""
        import keras_hub

        options = {"load_weights": weights is not None, **options}
        return keras_hub.models.Backbone.from_preset(self.name, name=name, **options)


@keras.saving.register_keras_serializable("mtl_keras")
class ApplicationScaling(layers.Layer):
    """Brings RGB pictures in [0, 1] to the range that a network of `keras.applications` expects.

    Args:
        network: str, name of the network.

    Example:
        >>> white = keras.ops.ones((1, 1, 1, 3))
        >>> ApplicationScaling("MobileNet")(white).numpy().tolist()
        [[[[1.0, 1.0, 1.0]]]]
    """

    def __init__(self, network, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.network = network

    def call(self, inputs):
        modules = vars(keras.applications).values()
        modules = (module for module in modules if isinstance(module, types.ModuleType))
        homes = [module for module in modules if hasattr(module, self.network)]
        # The module of MobileNetV3 does not hold its networks, only its scaling.
        home = homes[0] if homes else keras.applications.mobilenet_v3
        return home.preprocess_input(255.0 * inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "network": self.network}
