"""Networks of `keras.applications`, and backbones of keras-hub, as trunks."""

import keras
from keras import layers

from mtl_keras.trunks import networks
from mtl_keras.trunks.pooling import global_pooling
from mtl_keras.trunks.sized import SizedTrunk


@keras.saving.register_keras_serializable("mtl_keras")
class InferenceMode(layers.Wrapper):
    """Runs a layer or a model in inference mode, in training too.

    Within a functional model `layer(x, training=False)` is not enough: Keras overrules it.

    Args:
        layer: a `keras.Layer`.

    Example:
        >>> drop = InferenceMode(layers.Dropout(0.5))
        >>> drop(keras.ops.ones((4,)), training=True).numpy().tolist()
        [1.0, 1.0, 1.0, 1.0]
    """

    def call(self, inputs, training=None):
        return self.layer(inputs, training=False)

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)


class application(SizedTrunk):
    """Builds a trunk of a ready-made network, with ImageNet weights or without.

    Takes pictures in [0, 1] of any size and number of channels: they are resized to the one size
    that the network is made for, a grey picture is repeated three times, other numbers of
    channels than 1 and 3 go through a 1x1 convolution, and then comes the network's own
    scaling.

    Called on a picture tensor it returns features `(batch, features)`. Called again on another
    input it shares every kernel. A network that holds batch normalisation, as all do but VGG and
    ConvNeXt, cannot give each input its own: it serves one input, or it is made with
    `batch_norm="frozen"`.

    Args:
        network: str, a network of `keras.applications`, such as `"ResNet50"`; or, where keras-hub
            is installed, a preset such as `"resnet_18_imagenet"`, or the path of one.
        weights: `None` for random ones, `"imagenet"`, or the path of a weights file; of a preset
            anything but `None` means its own. Defaults to `None`.
        batch_norm: `"private"`, for one input; or `"frozen"`: the network runs in
            inference mode, with the moving statistics of its weights and without its dropout, and
            serves several inputs. All other weights are trained. Defaults to `"private"`.
        input_size: (height, width) in pixels, to which pictures are resized. Defaults to the size
            of the first picture, or the network's smallest where that is larger (32; 75 for
            Inception, 71 for Xception).
        pooling: `"max"`, `"avg"` or `None` for the feature map. Defaults to `"avg"`.
        name: str, prefix of the layers' names. Defaults to `"application"`.
        **options: further arguments of the network, such as `alpha=0.35` for MobileNetV2.

    Raises:
        ValueError: an unknown network, batch_norm or pooling; when called, a second input without
            `batch_norm="frozen"`, or a picture of open size without `input_size`.
        OSError: when called, ImageNet weights that are not on disk and cannot be fetched.

    Example:
        >>> trunk = application("MobileNetV2", alpha=0.35)
        >>> trunk(keras.Input((28, 28, 1))).shape
        (None, 1280)

    Reference:
        https://keras.io/api/applications names the paper of each network.
    """

    def __init__(
        self,
        network,
        weights=None,
        batch_norm="private",
        input_size=None,
        pooling="avg",
        name="application",
        **options,
    ):
        if batch_norm not in ("private", "frozen"):
            raise ValueError(
                "Argument `batch_norm` must be 'private' or 'frozen'. "
                f"Received: batch_norm={batch_norm!r}"
            )
        global_pooling(pooling)
        self.source = networks.find(network)
        super().__init__(input_size or (self.source.smallest,) * 2, name)
        self.weights, self.batch_norm, self.pooling = weights, batch_norm, pooling
        self.options = options
        self._size_is_open = input_size is None

    def connect(self, x):
        x = self._three_channels(self.resize(x))
        x = self.shared("scaling", self.source.scaling)(x)
        arguments = (self.weights, self.input_size)
        network = self.shared("network", self.source.make, *arguments, **self.options)
        self._check_batch_norm(network)
        if self.batch_norm == "frozen":
            network = self.shared("frozen", InferenceMode, network)
        x = network(x)
        pool = global_pooling(self.pooling, len(x.shape))
        return self.shared("pool", pool)(x) if pool else x

    def resize(self, x):
        if self._size_is_open:
            if None in x.shape[1:3]:
                raise ValueError(
                    "Argument `input_size` must be given, because the size of the pictures is "
                    f"open. Received: pictures of shape {x.shape}"
                )
            self.input_size = tuple(max(side, self.source.smallest) for side in x.shape[1:3])
            self._size_is_open = False
        return super().resize(x)

    def _three_channels(self, x):
        channels = x.shape[-1]
        if channels == 1:
            return self.shared("repeat", layers.Concatenate)([x, x, x])
        if channels == 3:
            return x
        return self.shared(f"stem{channels}", layers.Conv2D, 3, 1, use_bias=False)(x)

    def _check_batch_norm(self, network):
        inner = network._flatten_layers(include_self=False)
        normalised = any(isinstance(layer, layers.BatchNormalization) for layer in inner)
        if self._call and normalised and self.batch_norm != "frozen":
            raise ValueError(
                f"Argument `batch_norm` must be 'frozen' for {self.source.name!r} to take a second "
                "input: its batch normalisation would keep one moving average of two sources. "
                f"Received: batch_norm={self.batch_norm!r}"
            )
