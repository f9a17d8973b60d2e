"""Averaged word embeddings."""

import keras
from keras import layers

from mtl_keras.trunks.base import Trunk


@keras.saving.register_keras_serializable("mtl_keras")
class MaskedAverage(layers.Layer):
    """Averages vectors over the tokens that are no padding; an empty text gives zeros.

    `GlobalAveragePooling1D` gives NaN for a text that is all padding.

    Call arguments:
        inputs: [vectors (batch, length, width), token ids (batch, length), 0 = padding].

    Example:
        >>> import numpy as np
        >>> vectors = np.array([[[1.0], [3.0], [9.0]]], "float32")
        >>> MaskedAverage()([vectors, np.array([[5, 7, 0]])]).numpy().tolist()
        [[2.0]]
    """

    def call(self, inputs):
        vectors, tokens = inputs
        kept = keras.ops.cast(keras.ops.not_equal(tokens, 0), vectors.dtype)
        total = keras.ops.einsum("blw,bl->bw", vectors, kept)
        return total / keras.ops.maximum(keras.ops.sum(kept, axis=1, keepdims=True), 1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0][0], input_shape[0][2])


class embedding_branch(Trunk):
    """Builds a text branch that averages learned word vectors.

    Called on token ids `(batch, length)`, 0 = padding and 1 = unknown, it returns features
    `(batch, width)`. Called again on another input it shares the vectors. Padding has no influence.

    Args:
        vocabulary_size: int, number of token ids.
        width: int, size of the word vectors. Defaults to 64.
        dropout: float, dropout rate on the averaged vector. Defaults to 0.2.
        name: str, prefix of the layers' names. Defaults to `"embedding_branch"`.

    Example:
        >>> branch = embedding_branch(1000)
        >>> branch(keras.Input((20,), dtype="int32")).shape
        (None, 64)

    Reference:
        Joulin et al., "Bag of Tricks for Efficient Text Classification", EACL 2017.
    """

    def __init__(self, vocabulary_size, width=64, dropout=0.2, name="embedding_branch"):
        super().__init__(name)
        self.vocabulary_size, self.width, self.dropout = vocabulary_size, width, dropout

    def connect(self, x):
        embedding = self.shared("vectors", layers.Embedding, self.vocabulary_size, self.width)
        x = self.shared("average", MaskedAverage)([embedding(x), x])
        return self.shared("dropout", layers.Dropout, self.dropout)(x) if self.dropout else x
