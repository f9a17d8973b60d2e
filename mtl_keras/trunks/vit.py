"""A small vision transformer."""

import functools

import keras
from keras import layers, ops

from mtl_keras.trunks.sized import SizedTrunk


@keras.saving.register_keras_serializable("mtl_keras")
class ClassTokenAndPositions(layers.Layer):
    """Puts a learned token before the tokens, and adds a learned vector to each place.

    Call arguments:
        inputs: (batch, tokens, width).

    Returns:
        `(batch, 1 + tokens, width)`.

    Example:
        >>> ClassTokenAndPositions()(ops.ones((2, 49, 8))).shape
        TensorShape([2, 50, 8])
    """

    def build(self, input_shape):
        _, tokens, width = input_shape

        def weight(name, length):
            normal = keras.initializers.TruncatedNormal(stddev=0.02)
            return self.add_weight(name=name, shape=(1, length, width), initializer=normal)

        self.class_token = weight("class_token", 1)
        self.positions = weight("positions", 1 + tokens)

    def call(self, inputs):
        shape = (ops.shape(inputs)[0], 1, inputs.shape[-1])
        token = ops.broadcast_to(self.class_token, shape)
        return ops.concatenate([token, inputs], axis=1) + self.positions

    def compute_output_shape(self, input_shape):
        batch, tokens, width = input_shape
        return (batch, 1 + tokens, width)


class vit(SizedTrunk):
    """Builds a small vision transformer, pre-norm, with a class token.

    The picture is cut into patches, each a token; `depth` blocks of multi-head attention and a
    perceptron with GELU follow, each after a layer normalisation. The features are the class token
    after a last normalisation. At the defaults 0.14 million parameters, 11 million multiply-adds.

    Called on a picture tensor it returns features `(batch, width)`. Called again on another
    input it shares everything, and makes a new patch projection only where the number of channels
    differs: layer normalisation has no memory, so none is private.

    Args:
        width: int, size of a token. Defaults to 64.
        depth: int, number of blocks. Defaults to 4.
        num_heads: int, must divide `width`. Defaults to 4.
        mlp_width: int, units of the perceptrons. Defaults to 128.
        patch_size: int, side of a patch in pixels; 16 is usual for 224x224. Defaults to 4.
        dropout: float, dropout rate within the blocks. Defaults to 0.
        input_size: (height, width) in pixels, multiples of `patch_size`, to which other pictures
            are resized. Defaults to (32, 32).
        name: str, prefix of the layers' names. Defaults to `"vit"`.

    Raises:
        ValueError: numbers that do not divide each other.

    Example:
        >>> trunk = vit(width=16, depth=2)
        >>> trunk(keras.Input((28, 28, 1))).shape, trunk(keras.Input((32, 32, 3))).shape
        ((None, 16), (None, 16))

    Reference:
        Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021.
    """

    def __init__(
        self,
        width=64,
        depth=4,
        num_heads=4,
        mlp_width=128,
        patch_size=4,
        dropout=0.0,
        input_size=(32, 32),
        name="vit",
    ):
        super().__init__(input_size, name)
        if any(side % patch_size for side in self.input_size):
            raise ValueError(
                f"Argument `input_size` must be multiples of patch_size={patch_size}. "
                f"Received: input_size={input_size}"
            )
        if width % num_heads:
            raise ValueError(
                f"Argument `width` must be a multiple of num_heads={num_heads}. "
                f"Received: width={width}"
            )
        self.width, self.depth, self.num_heads = width, depth, num_heads
        self.mlp_width, self.patch_size, self.dropout = mlp_width, patch_size, dropout

    def stages(self):
        blocks = (functools.partial(self._block, index) for index in range(1, self.depth))
        return [self._embed, *blocks, self._last]

    def _embed(self, x):
        patches = (self.width, self.patch_size, self.patch_size)
        x = self.shared(f"stem{x.shape[-1]}", layers.Conv2D, *patches)(self.resize(x))
        x = self.shared("tokens", layers.Reshape, (-1, self.width))(x)
        return self.shared("positions", ClassTokenAndPositions)(x)

    def _block(self, index, x):
        name, options = f"block{index}", {"dropout": self.dropout}
        attention = (self.num_heads, self.width // self.num_heads)
        y = self._normalize(x, f"{name}_norm1")
        y = self.shared(f"{name}_attention", layers.MultiHeadAttention, *attention, **options)(y, y)
        x = self._add(x, y, f"{name}_add1")
        y = self._normalize(x, f"{name}_norm2")
        y = self.shared(f"{name}_hidden", layers.Dense, self.mlp_width, activation="gelu")(y)
        y = self.shared(f"{name}_output", layers.Dense, self.width)(y)
        return self._add(x, y, f"{name}_add2")

    def _last(self, x):
        x = self._normalize(self._block(self.depth, x), "norm")
        x = self.shared("class_token", layers.Cropping1D, (0, x.shape[1] - 1))(x)
        return self.shared("flatten", layers.Flatten)(x)

    def _normalize(self, x, name):
        return self.shared(name, layers.LayerNormalization, epsilon=1e-6)(x)

    def _add(self, x, y, name):
        if self.dropout:
            y = self.shared(f"{name}_dropout", layers.Dropout, self.dropout)(y)
        return self.shared(name, layers.Add)([x, y])
