"""Residual networks for small pictures."""

import functools

from keras import layers

from mtl_keras.trunks.convolutional import ConvolutionalTrunk


class resnet(ConvolutionalTrunk):
    """Builds a residual network in the form made for CIFAR-10, such as ResNet-20.

    A stem, then three stages of (depth - 2) / 6 residual blocks of two 3x3 convolutions, with
    `width` filters, and twice and four times as many at a half and a quarter of the size. ResNet-20
    has 0.27 million parameters and 41 million multiply-adds for a 32x32 picture.
    `keras.applications` has the larger ones with ImageNet weights (`application("ResNet50")`).

    Called on a picture tensor it returns features `(batch, 4 * width)`. Called again on another
    input it shares every kernel, makes a new stem only where the number of channels differs, and
    gives that input its own batch normalisation.

    Args:
        depth: int, 6 n + 2 layers, as 8, 14, 20, 32, 44, 56, 110. Defaults to 20.
        width: int, filters of the stem and the first stage. Defaults to 16.
        shortcut: `"identity"`, without parameters, filled up with zero channels where the size
            changes (option A of the paper), or `"projection"`, a 1x1 convolution there
            (option B). Defaults to `"identity"`.
        pooling: `"max"`, `"avg"` or `None` for the feature map. Defaults to `"avg"`.
        name: str, prefix of the layers' names. Defaults to `"resnet"`.

    Raises:
        ValueError: a depth that is not 6 n + 2, an unknown shortcut or pooling.

    Example:
        >>> import keras
        >>> trunk = resnet(depth=8)
        >>> trunk(keras.Input((28, 28, 1))).shape, trunk(keras.Input((32, 32, 3))).shape
        ((None, 64), (None, 64))

    Reference:
        He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, section 4.2.
    """

    def __init__(self, depth=20, width=16, shortcut="identity", pooling="avg", name="resnet"):
        super().__init__(pooling, name)
        if depth < 8 or depth % 6 != 2:
            raise ValueError(
                f"Argument `depth` must be 6 n + 2, as 8, 14, 20, 32. Received: depth={depth}"
            )
        if shortcut not in ("identity", "projection"):
            raise ValueError(
                "Argument `shortcut` must be 'identity' or 'projection'. "
                f"Received: shortcut={shortcut!r}"
            )
        self.depth, self.width, self.shortcut = depth, width, shortcut

    def stages(self):
        return [self._stem, *(functools.partial(self._stage, index) for index in (1, 2, 3))]

    def _stem(self, x):
        return self.convolve(x, self.width, f"stem{x.shape[-1]}")

    def _stage(self, stage, x):
        filters = self.width * 2 ** (stage - 1)
        for block in range((self.depth - 2) // 6):
            strides = 2 if stage > 1 and block == 0 else 1
            x = self._block(x, filters, strides, f"stage{stage}_block{block + 1}")
        return self.pool(x) if stage == 3 else x

    def _block(self, x, filters, strides, name):
        y = self.convolve(x, filters, f"{name}_conv1", strides=strides)
        y = self.convolve(y, filters, f"{name}_conv2", relu=False)
        y = self._refine(y, name)
        if strides > 1:
            x = self._shorten(x, filters, name)
        x = self.shared(f"{name}_add", layers.Add)([x, y])
        return self.shared(f"{name}_relu", layers.ReLU)(x)

    def _refine(self, x, name):
        """Returns the branch of a block as it is added."""
        return x

    def _shorten(self, x, filters, name):
        """Returns the shortcut of a block that halves the size."""
        name = f"{name}_shortcut"
        if self.shortcut == "projection":
            options = {"kernel_size": 1, "strides": 2, "relu": False}
            return self.convolve(x, filters, name, **options)
        x = self.shared(f"{name}_skip", layers.MaxPooling2D, 1, 2, padding="same")(x)
        missing = filters - x.shape[-1]
        # Read as channels first, the last two axes are the ones to be padded.
        padding = ((0, 0), (missing // 2, missing - missing // 2))
        options = {"padding": padding, "data_format": "channels_first"}
        return self.shared(f"{name}_fill", layers.ZeroPadding2D, **options)(x)
