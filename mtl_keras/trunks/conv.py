"""A small residual convolutional trunk."""

from keras import layers

from mtl_keras.trunks.convolutional import ConvolutionalTrunk


class conv_trunk(ConvolutionalTrunk):
    """Builds a residual convolutional trunk for pictures of any size, ResNet-9 in shape.

    A stem of `width` filters, then three stages of 2, 4 and 8 times the width, each a 3x3
    convolution and 2x2 max-pooling; the first and the last stage end in a residual block of two
    convolutions. At width 16: 24 million multiply-adds for a 32x32 picture, 0.41 million
    parameters. Every convolution is followed by batch normalisation and ReLU, in a stage after the
    pooling, where they cost a quarter.

    Called on a picture tensor it returns features `(batch, 8 * width)`. Called again on another
    input it shares every kernel, makes a new stem only where the number of channels differs,
    and gives that input its own batch normalisation: one normalisation over two sources ends
    with moving statistics of neither.

    Args:
        width: int, filters of the stem. Defaults to 16.
        pooling: `"max"`, `"avg"` or `None` for the feature map. Defaults to `"max"`.
        dropout: float, dropout rate on the features. Defaults to 0.
        name: str, prefix of the layers' names. Defaults to `"conv_trunk"`.

    Example:
        >>> import keras
        >>> trunk = conv_trunk(width=4)
        >>> grey, colour = keras.Input((28, 28, 1)), keras.Input((32, 32, 3))
        >>> trunk(grey).shape, trunk(colour).shape
        ((None, 32), (None, 32))

    Reference:
        He et al., "Deep Residual Learning", CVPR 2016; the nine-layer shape is that of the
        DAWNBench CIFAR-10 entries of 2018.
    """

    def __init__(self, width=16, pooling="max", dropout=0.0, name="conv_trunk"):
        super().__init__(pooling, name)
        self.width, self.dropout = width, dropout

    def stages(self):
        return [self._stem, self._stage1, self._stage2, self._stage3]

    def _stem(self, x):
        return self._conv(x, self.width, f"stem{x.shape[-1]}")

    def _stage1(self, x):
        x = self._conv(x, 2 * self.width, "stage1", pool=True)
        return self._residual(x, 2 * self.width, "stage1")

    def _stage2(self, x):
        return self._conv(x, 4 * self.width, "stage2", pool=True)

    def _stage3(self, x):
        x = self._conv(x, 8 * self.width, "stage3", pool=True)
        x = self._residual(x, 8 * self.width, "stage3")
        x = self.pool(x)
        return self.shared("dropout", layers.Dropout, self.dropout)(x) if self.dropout else x

    def _conv(self, x, filters, name, pool=False):
        x = self.shared(name, layers.Conv2D, filters, 3, padding="same", use_bias=False)(x)
        if pool:
            x = self.shared(f"{name}_pool", layers.MaxPooling2D, padding="same")(x)
        return self.normalize(x, name)

    def _residual(self, x, filters, name):
        y = self._conv(x, filters, f"{name}_res1")
        y = self._conv(y, filters, f"{name}_res2")
        return self.shared(f"{name}_add", layers.Add)([x, y])
