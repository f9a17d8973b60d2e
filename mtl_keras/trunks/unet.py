"""U-Net, for tasks that want an answer for every pixel."""

from keras import layers

from mtl_keras.trunks.convolutional import ConvolutionalTrunk
from mtl_keras.trunks.like import CropLike


class unet(ConvolutionalTrunk):
    """Builds a U-Net: down by pooling, up again by transposed convolutions, with shortcuts.

    Every level has two 3x3 convolutions; their filters double and the size halves on each of
    `depth` ways down.

    Called on a picture tensor of any size it returns the map `(batch, height, width, filters)`
    of the picture's size, for a dense head such as `Conv2D(classes, 1)`; where a side is no
    multiple of 2**depth the levels round up and the way back is cut. For a classification head on
    the same picture `bottom(x)` has the deepest map: both tasks share the way down. Called again
    on another input it shares every kernel, makes a new first convolution only where the number
    of channels differs, and gives that input its own batch normalisation.

    Args:
        width: int, filters of the first level, and of the result. Defaults to 64.
        depth: int, how often the size is halved. Defaults to 4.
        pooling: `"max"` or `"avg"` for features `(batch, width)`, or `None` for the map.
            Defaults to `None`.
        name: str, prefix of the layers' names. Defaults to `"unet"`.

    Raises:
        ValueError: an unknown pooling; when called, a picture of less than 2**depth pixels.

    Example:
        >>> import keras
        >>> trunk, x = unet(width=4, depth=2), keras.Input((28, 28, 1))
        >>> trunk(x).shape, trunk.bottom(x).shape
        ((None, 28, 28, 4), (None, 7, 7, 16))

    Reference:
        Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation",
        MICCAI 2015; with padding and batch normalisation, as usual since.
    """

    def __init__(self, width=64, depth=4, pooling=None, name="unet"):
        super().__init__(pooling, name)
        self.width, self.depth = width, depth
        self._bottoms = {}

    def bottom(self, x):
        """Returns the deepest map `(batch, height / 2**depth, width / 2**depth, filters)`."""
        self(x)
        return self._bottoms[id(x)]

    def connect(self, x):
        self._check_size(x)
        picture, levels = x, []
        for level in range(self.depth):
            levels.append(self._convolve_twice(x, level, "down"))
            x = self.shared(f"pool{level}", layers.MaxPooling2D, padding="same")(levels[-1])
        x = self._bottoms[id(picture)] = self._convolve_twice(x, self.depth, "down")
        for level in reversed(range(self.depth)):
            x = self._up(x, levels[level], level)
        return self.pool(x)

    def _check_size(self, x):
        known = [side for side in x.shape[1:3] if side is not None]
        if min(known, default=2**self.depth) < 2**self.depth:
            raise ValueError(
                f"Argument `depth` must be smaller: to halve the size {self.depth} times, a "
                f"picture needs {2**self.depth} pixels each way. Received: {x.shape[1:3]}"
            )

    def _convolve_twice(self, x, level, way):
        filters = self.width * 2**level
        first = f"stem{x.shape[-1]}" if way == "down" and level == 0 else f"{way}{level}_conv1"
        return self.convolve(self.convolve(x, filters, first), filters, f"{way}{level}_conv2")

    def _up(self, x, skip, level):
        filters = self.width * 2**level
        x = self.shared(f"up{level}", layers.Conv2DTranspose, filters, 2, strides=2)(x)
        x = self.shared(f"up{level}_crop", CropLike)([x, skip])
        x = self.shared(f"up{level}_join", layers.Concatenate)([skip, x])
        return self._convolve_twice(x, level, "up")
