"""VGG with batch normalisation, for small pictures."""

import functools

from keras import layers

from mtl_keras.trunks.convolutional import ConvolutionalTrunk

_CONVOLUTIONS = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}


class vgg(ConvolutionalTrunk):
    """Builds a VGG of five blocks of 3x3 convolutions, in the form used on CIFAR-10.

    Each block ends in 2x2 max-pooling; the blocks have 1, 2, 4, 8 and 8 times `width` filters.
    Batch normalisation and ReLU follow each convolution; the large dense layers are left
    out. VGG-16 has 14.7 million parameters and 313 million multiply-adds for a 32x32 picture.
    Pictures of any size are taken: `keras.applications` has VGG with ImageNet weights
    (`application("VGG16")`).

    Called on a picture tensor it returns features `(batch, 8 * width)`. Called again on another
    input it shares every kernel, makes a new first convolution only where the number of
    channels differs, and gives that input its own batch normalisation.

    Args:
        depth: 11, 13, 16 or 19, layers of the full network, of which the last three are left
            out. Defaults to 16.
        width: int, filters of the first block. Defaults to 64.
        pooling: `"max"`, `"avg"` or `None` for the feature map. Defaults to `"avg"`.
        name: str, prefix of the layers' names. Defaults to `"vgg"`.

    Raises:
        ValueError: an unknown depth or pooling.

    Example:
        >>> import keras
        >>> trunk = vgg(depth=11, width=8)
        >>> trunk(keras.Input((28, 28, 1))).shape, trunk(keras.Input((32, 32, 3))).shape
        ((None, 64), (None, 64))

    Reference:
        Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
        Recognition", ICLR 2015.
    """

    def __init__(self, depth=16, width=64, pooling="avg", name="vgg"):
        super().__init__(pooling, name)
        if depth not in _CONVOLUTIONS:
            raise ValueError(f"Argument `depth` must be 11, 13, 16 or 19. Received: depth={depth}")
        self.depth, self.width = depth, width

    def stages(self):
        return [functools.partial(self._block, index) for index in range(5)]

    def _block(self, block, x):
        filters = self.width * min(2**block, 8)
        for index in range(_CONVOLUTIONS[self.depth][block]):
            first = block == index == 0
            name = f"stem{x.shape[-1]}" if first else f"block{block + 1}_conv{index + 1}"
            x = self.convolve(x, filters, name, use_bias=True)
        # The padding keeps a last pixel of pictures less than 32 wide.
        x = self.shared(f"block{block + 1}_pool", layers.MaxPooling2D, padding="same")(x)
        return self.pool(x) if block == 4 else x
