"""A small Inception network."""

import functools

from keras import layers

from mtl_keras.trunks.convolutional import ConvolutionalTrunk

# In widths: filters of the 1x1 and the 3x3 branch, or of the 3x3 branch that halves the size.
_STAGES = (
    ((2, 2), (2, 3), 5),
    ((7, 3), (6, 4), (5, 5), (3, 6), 6),
    ((11, 10), (11, 10)),
)


class inception(ConvolutionalTrunk):
    """Builds a small Inception for pictures of about 32x32.

    A 3x3 stem; then blocks of a 1x1 and a 3x3 convolution side by side, and twice one that halves
    the size by a 3x3 convolution beside max-pooling. At width 16 it has 1.6 million parameters.
    `keras.applications` has the large one with ImageNet weights (`application("InceptionV3")`).

    Called on a picture tensor it returns features `(batch, 21 * width)`. Called again on another
    input it shares every kernel, makes a new stem only where the number of channels differs, and
    gives that input its own batch normalisation.

    Args:
        width: int, of which all numbers of filters are multiples. Defaults to 16.
        pooling: `"max"`, `"avg"` or `None` for the feature map. Defaults to `"avg"`.
        name: str, prefix of the layers' names. Defaults to `"inception"`.

    Raises:
        ValueError: an unknown pooling.

    Example:
        >>> import keras
        >>> trunk = inception(width=4)
        >>> trunk(keras.Input((28, 28, 1))).shape, trunk(keras.Input((32, 32, 3))).shape
        ((None, 84), (None, 84))

    Reference:
        Szegedy et al., "Going Deeper with Convolutions", CVPR 2015; this small form is that of
        Zhang et al., "Understanding Deep Learning Requires Rethinking Generalization", ICLR 2017.
    """

    def __init__(self, width=16, pooling="avg", name="inception"):
        super().__init__(pooling, name)
        self.width = width

    def stages(self):
        return [self._stem, *(functools.partial(self._stage, index) for index in (1, 2, 3))]

    def _stem(self, x):
        return self.convolve(x, 6 * self.width, f"stem{x.shape[-1]}")

    def _stage(self, stage, x):
        for index, widths in enumerate(_STAGES[stage - 1], 1):
            block = self._halve if isinstance(widths, int) else self._block
            x = block(x, widths, f"stage{stage}_block{index}")
        return self.pool(x) if stage == 3 else x

    def _block(self, x, widths, name):
        narrow, wide = (self.width * width for width in widths)
        branches = [
            self.convolve(x, narrow, f"{name}_conv1", kernel_size=1),
            self.convolve(x, wide, f"{name}_conv3"),
        ]
        return self.shared(f"{name}_join", layers.Concatenate)(branches)

    def _halve(self, x, width, name):
        branches = [
            self.convolve(x, self.width * width, f"{name}_conv3", strides=2),
            self.shared(f"{name}_pool", layers.MaxPooling2D, 3, 2, padding="same")(x),
        ]
        return self.shared(f"{name}_join", layers.Concatenate)(branches)
