"""A small transformer encoder."""

import keras
from keras import layers, ops

from mtl_keras.text.base import TextBranch
from mtl_keras.text.pooling import MaskedAverage


@keras.saving.register_keras_serializable("mtl_keras")
class Positions(layers.Layer):
    """Adds a learned vector for each position, counted in tokens that are no padding.

    Args:
        max_length: int, number of positions.

    Call arguments:
        inputs: [vectors (batch, length, width), token ids (batch, length), 0 = padding].

    Raises:
        ValueError: the texts are longer than `max_length`.

    Example:
        >>> import numpy as np
        >>> layer = Positions(3)
        >>> layer([np.zeros((2, 3, 4), "float32"), np.ones((2, 3), "int32")]).shape
        TensorShape([2, 3, 4])
    """

    def __init__(self, max_length, **kwargs):
        super().__init__(**kwargs)
        self.max_length = max_length

    def build(self, input_shape):
        (_, length, width), _ = input_shape
        if length is not None and length > self.max_length:
            raise ValueError(
                "Argument `max_length` must be at least the length of the texts. "
                f"Received: max_length={self.max_length}, texts of {length} tokens"
            )
        self.positions = self.add_weight(
            shape=(self.max_length, width), initializer="uniform", name="positions"
        )

    def call(self, inputs):
        vectors, tokens = inputs
        before = ops.cumsum(ops.cast(ops.not_equal(tokens, 0), "int32"), axis=1)
        return vectors + ops.take(self.positions, ops.maximum(before - 1, 0), axis=0)

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "max_length": self.max_length}


@keras.saving.register_keras_serializable("mtl_keras")
class AttentionMask(layers.Layer):
    """Returns which tokens may be attended to, bool (batch, 1, length).

    Call arguments:
        tokens: int (batch, length), 0 = padding.

    Example:
        >>> import numpy as np
        >>> AttentionMask()(np.array([[5, 7, 0]])).numpy().tolist()
        [[[True, True, False]]]
    """

    def call(self, tokens):
        return ops.not_equal(tokens, 0)[:, None]

    def compute_output_spec(self, tokens):
        batch, length = tokens.shape
        return keras.KerasTensor((batch, 1, length), "bool")


class transformer(TextBranch):
    """Builds a small pre-norm transformer encoder with learned positions, averaged over the words.

    h = x + attention(norm(x)), y = h + W₂ gelu(W₁ norm(h)) in each block, a norm at the end.
    Called on token ids `(batch, length)`, 0 = padding and 1 = unknown, it returns features
    `(batch, width)`. Called again on another input it shares everything. Padding has no influence;
    an empty text gives zeros.

    Args:
        vocabulary_size: int, number of token ids.
        width: int, size of the word vectors and of everything after them. Defaults to 64.
        depth: int, number of blocks. Defaults to 2.
        heads: int, attention heads, a divisor of `width`. Defaults to 4.
        mlp_width: int, units of the hidden layer of a block. Defaults to `2 * width`.
        max_length: int, the most tokens of a text. Defaults to 512.
        dropout: float, dropout rate on the word vectors, the attention weights and what each half
            of a block adds. Defaults to 0.1.
        vectors: array `(vocabulary_size, width)` that the word vectors start from. Defaults to
            random ones.
        name: str, prefix of the layers' names. Defaults to `"transformer"`.

    Raises:
        ValueError: `heads` does not divide `width`, or a text is longer than `max_length`.

    Example:
        >>> branch = transformer(1000, width=16)
        >>> branch(keras.Input((20,), dtype="int32")).shape
        (None, 16)

    Reference:
        Vaswani et al., "Attention Is All You Need", NeurIPS 2017; the norm before each half as in
        Xiong et al., "On Layer Normalization in the Transformer Architecture", ICML 2020.
    """

    def __init__(
        self,
        vocabulary_size,
        width=64,
        depth=2,
        heads=4,
        mlp_width=None,
        max_length=512,
        dropout=0.1,
        vectors=None,
        name="transformer",
    ):
        super().__init__(vocabulary_size, width, vectors, name)
        if width % heads:
            raise ValueError(
                f"Argument `heads` must divide `width`. Received: heads={heads}, width={width}"
            )
        self.depth, self.heads, self.max_length = depth, heads, max_length
        self.mlp_width, self.dropout = mlp_width or 2 * width, dropout

    def connect(self, x):
        mask = self.shared("mask", AttentionMask)(x)
        y = self.shared("positions", Positions, self.max_length)([self.embed(x), x])
        y = self.drop(y, self.dropout)
        for block in range(self.depth):
            y = self._add(y, self._attention(y, mask, f"block{block}_attention"))
            y = self._add(y, self._mlp(y, f"block{block}_mlp"))
        return self.shared("average", MaskedAverage)([self._norm(y, "norm"), x])

    def _attention(self, y, mask, name):
        y = self._norm(y, f"{name}_norm")
        size = self.width // self.heads
        attention = self.shared(
            name, layers.MultiHeadAttention, self.heads, size, dropout=self.dropout
        )
        return attention(y, y, attention_mask=mask)

    def _mlp(self, y, name):
        y = self._norm(y, f"{name}_norm")
        y = self.shared(f"{name}_wide", layers.Dense, self.mlp_width, activation="gelu")(y)
        return self.shared(name, layers.Dense, self.width)(y)

    def _add(self, y, change):
        return self.shared("add", layers.Add)([y, self.drop(change, self.dropout)])

    def _norm(self, y, name):
        return self.shared(name, layers.LayerNormalization, epsilon=1e-6)(y)
