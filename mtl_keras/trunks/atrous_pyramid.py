"""DeepLab v3+: a pyramid of dilated convolutions over any convolutional trunk."""

from keras import layers

from mtl_keras.trunks.convolutional import ConvolutionalTrunk
from mtl_keras.trunks.like import ResizeLike
from mtl_keras.trunks.resnet import resnet


class atrous_pyramid(ConvolutionalTrunk):
    """Builds an atrous spatial pyramid with a decoder, in the way of DeepLab v3+.

    On the last map of the backbone stand, side by side, a 1x1 convolution, a dilated 3x3
    convolution for each rate and global average pooling. What they find is enlarged to
    the size of the map of an early stage, joined to it, and goes through two 3x3 convolutions.

    Called on a picture tensor it returns the map `(batch, height, width, filters)` of that early
    stage's size: with the default backbone the picture's. Called again on another
    input it shares every kernel, makes a new stem only where the number of channels differs, and
    gives that input its own batch normalisation.

    Args:
        backbone: a trunk of two or more stages with `pooling=None`, such as
            `conv_trunk(pooling=None)`, whose maps are a half and an eighth of the picture. Defaults
            to `resnet(pooling=None)`.
        filters: int, filters of every branch and of the result. Defaults to 64; the paper, for
            pictures of 513 pixels, has 256.
        rates: tuple of int, dilations. One above the size of the map sees no more than one place.
            Defaults to (2, 4, 6); the paper has (6, 12, 18).
        low_level_filters: int, to which the early map is narrowed. Defaults to 12; the
            paper has 48.
        low_level_stage: int, place of the early stage among those of the backbone. Defaults to 1.
        pooling: `"max"` or `"avg"` for features `(batch, filters)`, or `None` for the map.
            Defaults to `None`.
        name: str, prefix of the layers' names. Defaults to `"atrous_pyramid"`.

    Raises:
        ValueError: an unknown pooling, a backbone of too few stages or one that gives no map.

    Example:
        >>> import keras
        >>> trunk = atrous_pyramid(filters=8)
        >>> trunk(keras.Input((28, 28, 1))).shape, trunk(keras.Input((32, 32, 3))).shape
        ((None, 28, 28, 8), (None, 32, 32, 8))

    Reference:
        Chen et al., "Encoder-Decoder with Atrous Separable Convolution for Semantic Image
        Segmentation", ECCV 2018; with full convolutions.
    """

    def __init__(
        self,
        backbone=None,
        filters=64,
        rates=(2, 4, 6),
        low_level_filters=12,
        low_level_stage=1,
        pooling=None,
        name="atrous_pyramid",
    ):
        super().__init__(pooling, name)
        self.backbone = backbone or resnet(pooling=None, name=f"{name}_backbone")
        self.filters, self.rates = filters, rates
        self.low_level_filters, self.low_level_stage = low_level_filters, low_level_stage
        if low_level_stage + 1 >= len(self.backbone.stages()):
            raise ValueError(
                "Argument `backbone` must have a stage after `low_level_stage`. Received: "
                f"{len(self.backbone.stages())} stages, low_level_stage={low_level_stage}"
            )

    def connect(self, x):
        maps = [x]
        for stage in self.backbone.path():
            maps.append(stage(maps[-1]))
        if len(maps[-1].shape) != 4:
            raise ValueError(
                "Argument `backbone` must give a map: make it with pooling=None. "
                f"Received: features of shape {maps[-1].shape}"
            )
        return self.pool(self._decode(self._pyramid(maps[-1]), maps[self.low_level_stage + 1]))

    def _pyramid(self, x):
        branches = [self.convolve(x, self.filters, "aspp_1x1", kernel_size=1)]
        for rate in self.rates:
            branches.append(self.convolve(x, self.filters, f"aspp_{rate}", dilation_rate=rate))
        pooled = self.shared("aspp_pool", layers.GlobalAveragePooling2D, keepdims=True)(x)
        pooled = self.convolve(pooled, self.filters, "aspp_pooled", kernel_size=1)
        branches.append(self.shared("aspp_spread", ResizeLike)([pooled, x]))
        x = self.shared("aspp_join", layers.Concatenate)(branches)
        return self.convolve(x, self.filters, "aspp", kernel_size=1)

    def _decode(self, x, low):
        low = self.convolve(low, self.low_level_filters, "low", kernel_size=1)
        x = self.shared("enlarge", ResizeLike)([x, low])
        x = self.shared("join", layers.Concatenate)([x, low])
        return self.convolve(self.convolve(x, self.filters, "decode1"), self.filters, "decode2")
