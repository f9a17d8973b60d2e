"""Recurrent networks over the words."""

import keras
from keras import layers, ops

from mtl_keras import errors
from mtl_keras.text.base import TextBranch
from mtl_keras.text.pooling import ClearPadding, MaskedAverage, MaskedMax

CELLS = {"gru": layers.GRU, "lstm": layers.LSTM}
POOLINGS = {"max": MaskedMax, "mean": MaskedAverage, "last": ClearPadding}


@keras.saving.register_keras_serializable("mtl_keras")
class TokenMask(layers.Layer):
    """Returns which tokens a recurrent layer reads: those that are no padding.

    Of a text that is all padding it reads the first token, because the GPU's kernel refuses to
    read nothing. The pooling leaves it out again.

    Call arguments:
        tokens: int (batch, length), 0 = padding.

    Example:
        >>> import numpy as np
        >>> TokenMask()(np.array([[5, 7, 0], [0, 0, 0]])).numpy().tolist()
        [[True, True, False], [True, False, False]]
    """

    def call(self, tokens):
        kept = ops.not_equal(tokens, 0)
        empty = ops.logical_not(ops.any(kept, axis=1, keepdims=True))
        first = ops.equal(ops.arange(ops.shape(tokens)[1]), 0)
        return ops.logical_or(kept, ops.logical_and(empty, first))

    def compute_output_spec(self, tokens):
        return keras.KerasTensor(tokens.shape, "bool")


class recurrent(TextBranch):
    """Builds a text branch of one recurrent layer over word vectors, pooled over time.

    Called on token ids `(batch, length)`, 0 = padding and 1 = unknown, it returns features
    `(batch, units)`, twice as many if bidirectional. Called again on another input it shares
    everything. Padding is skipped and has no influence; an empty text gives zeros. On a GPU, whose
    kernel asks for it, padding must be on the right.

    Args:
        vocabulary_size: int, number of token ids.
        width: int, size of the word vectors. Defaults to 128.
        units: int, size of the state of each direction. Defaults to 64.
        cell: `"gru"` (default) or `"lstm"`.
        bidirectional: bool, whether a second layer reads backwards. Defaults to `True`.
        pooling: `"max"` (default) or `"mean"` over the words, or `"last"`: the state after
            the last word read. In long texts it has forgotten the beginning.
        dropout: float, dropout rate on the word vectors and on the features. Defaults to 0.2.
        vectors: array `(vocabulary_size, width)` that the word vectors start from. Defaults to
            random ones.
        name: str, prefix of the layers' names. Defaults to `"recurrent"`.

    Raises:
        ValueError: the cell or the pooling is not known.

    Example:
        >>> branch = recurrent(1000, units=16)
        >>> branch(keras.Input((20,), dtype="int32")).shape
        (None, 32)

    Reference:
        Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", EMNLP 2014 (GRU);
        Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 1997.
    """

    def __init__(
        self,
        vocabulary_size,
        width=128,
        units=64,
        cell="gru",
        bidirectional=True,
        pooling="max",
        dropout=0.2,
        vectors=None,
        name="recurrent",
    ):
        super().__init__(vocabulary_size, width, vectors, name)
        if cell not in CELLS:
            raise errors.unknown("cell", cell, CELLS)
        if pooling not in POOLINGS:
            raise errors.unknown("pooling", pooling, POOLINGS)
        self.units, self.cell, self.bidirectional = units, cell, bidirectional
        self.pooling, self.dropout = pooling, dropout

    def connect(self, x):
        words = self.drop(self.embed(x), self.dropout, "word_dropout")
        mask = self.shared("mask", TokenMask)(x)
        states = self.shared("states", self._reader)(words, mask=mask)
        pooled = self.shared("pool", POOLINGS[self.pooling])([states, x])
        return self.drop(pooled, self.dropout)

    def _reader(self, name):
        options = {"return_sequences": self.pooling != "last"}
        if self.bidirectional:
            return layers.Bidirectional(CELLS[self.cell](self.units, **options), name=name)
        return CELLS[self.cell](self.units, name=name, **options)
