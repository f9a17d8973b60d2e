"""Layers that leave padding out."""

import keras
from keras import layers, ops


class _MaskedPooling(layers.Layer):
    """Called on [vectors (batch, length, width), token ids (batch, length), 0 = padding]."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True  # It reads the ids, whatever mask the vectors carry.

    def compute_mask(self, inputs, previous_mask):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0][0], input_shape[0][2])


@keras.saving.register_keras_serializable("mtl_keras")
class MaskedAverage(_MaskedPooling):
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
        kept = ops.cast(ops.not_equal(tokens, 0), vectors.dtype)
        total = ops.einsum("blw,bl->bw", vectors, kept)
        return total / ops.maximum(ops.sum(kept, axis=1, keepdims=True), 1)


@keras.saving.register_keras_serializable("mtl_keras")
class MaskedMax(_MaskedPooling):
    """Takes the largest values over the tokens that are no padding; an empty text gives zeros.

    Keras has no such layer: `GlobalMaxPooling1D` ignores masks.

    Call arguments:
        inputs: [vectors (batch, length, width), token ids (batch, length), 0 = padding].

    Example:
        >>> import numpy as np
        >>> vectors = np.array([[[-1.0], [-3.0], [9.0]]], "float32")
        >>> MaskedMax()([vectors, np.array([[5, 7, 0]])]).numpy().tolist()
        [[-1.0]]
    """

    def call(self, inputs):
        vectors, tokens = inputs
        kept = ops.not_equal(tokens, 0)[..., None]
        largest = ops.max(ops.where(kept, vectors, float("-inf")), axis=1)
        return ops.where(ops.any(kept, axis=1), largest, 0)


@keras.saving.register_keras_serializable("mtl_keras")
class ClearPadding(layers.Layer):
    """Puts zeros where a token is padding, in features of whole texts where all tokens are.

    Call arguments:
        inputs: [vectors (batch, length, width) or (batch, width), token ids (batch, length), 0 =
            padding].

    Example:
        >>> import numpy as np
        >>> vectors = np.array([[[1.0], [3.0], [9.0]]], "float32")
        >>> ClearPadding()([vectors, np.array([[5, 7, 0]])]).numpy().tolist()
        [[[1.0], [3.0], [0.0]]]
        >>> ClearPadding()([vectors[0], np.array([[5, 7], [1, 0], [0, 0]])]).numpy().tolist()
        [[1.0], [3.0], [0.0]]
    """

    def call(self, inputs):
        values, tokens = inputs
        kept = ops.not_equal(tokens, 0)
        whole = len(values.shape) == 2
        kept = ops.any(kept, axis=1, keepdims=True) if whole else kept[..., None]
        return ops.where(kept, values, 0)

    def compute_output_shape(self, input_shape):
        return input_shape[0]
