"""A residual network that attends to channels and to places."""

import keras
from keras import layers, ops

from mtl_keras.trunks.resnet import resnet


@keras.saving.register_keras_serializable("mtl_keras")
class ChannelAttention(layers.Layer):
    """Multiplies each channel of a feature map by a number in (0, 1) that depends on the map.

    The average and the maximum of the channels go through one and the same two dense layers; the
    sum goes through a sigmoid.

    Args:
        ratio: int, by which the hidden layer is narrower than the map. Defaults to 16.

    Example:
        >>> ChannelAttention()(ops.ones((2, 7, 7, 64))).shape
        TensorShape([2, 7, 7, 64])
    """

    def __init__(self, ratio=16, **kwargs):
        super().__init__(**kwargs)
        self.ratio = ratio

    def build(self, input_shape):
        channels = input_shape[-1]
        hidden = max(1, channels // self.ratio)
        self.hidden = layers.Dense(hidden, activation="relu", dtype=self.dtype_policy)
        self.scale = layers.Dense(channels, dtype=self.dtype_policy)
        self.hidden.build((None, channels))
        self.scale.build((None, hidden))

    def call(self, inputs):
        pooled = (ops.mean(inputs, axis=(1, 2)), ops.max(inputs, axis=(1, 2)))
        scale = ops.sigmoid(sum(self.scale(self.hidden(x)) for x in pooled))
        return inputs * scale[:, None, None, :]

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "ratio": self.ratio}


@keras.saving.register_keras_serializable("mtl_keras")
class SpatialAttention(layers.Layer):
    """Multiplies each place of a feature map by a number in (0, 1) that depends on the map.

    A convolution of the average and the maximum over the channels, and a sigmoid.

    Args:
        kernel_size: int, side of the convolution. Defaults to 7.

    Example:
        >>> SpatialAttention()(ops.ones((2, 7, 7, 64))).shape
        TensorShape([2, 7, 7, 64])
    """

    def __init__(self, kernel_size=7, **kwargs):
        super().__init__(**kwargs)
        self.kernel_size = kernel_size

    def build(self, input_shape):
        options = {"padding": "same", "use_bias": False, "activation": "sigmoid"}
        self.scale = layers.Conv2D(1, self.kernel_size, dtype=self.dtype_policy, **options)
        self.scale.build((*input_shape[:-1], 2))

    def call(self, inputs):
        pooled = [ops.mean(inputs, axis=-1), ops.max(inputs, axis=-1)]
        return inputs * self.scale(ops.stack(pooled, axis=-1))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "kernel_size": self.kernel_size}


class cbam(resnet):
    """Builds a residual network whose blocks attend to channels, then to places.

    A `resnet`; the convolutions of each block are followed by `ChannelAttention` and
    `SpatialAttention`, which a block shares between the inputs as it does its kernels. Maps
    less than 7 pixels wide make a poor place for a 7x7 convolution.

    Args:
        ratio: int, by which the hidden layers of the channel attention are narrower than
            the map; one unit is left at least. Defaults to 16.
        depth, width, shortcut, pooling: those of `resnet`.
        name: str, prefix of the layers' names. Defaults to `"cbam"`.

    Example:
        >>> trunk = cbam(depth=8)
        >>> trunk(keras.Input((28, 28, 1))).shape, trunk(keras.Input((32, 32, 3))).shape
        ((None, 64), (None, 64))

    Reference:
        Woo et al., "CBAM: Convolutional Block Attention Module", ECCV 2018.
    """

    def __init__(self, ratio=16, name="cbam", **options):
        super().__init__(name=name, **options)
        self.ratio = ratio

    def _refine(self, x, name):
        x = self.shared(f"{name}_channels", ChannelAttention, self.ratio)(x)
        return self.shared(f"{name}_places", SpatialAttention)(x)
