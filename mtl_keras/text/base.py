"""What the branches over word vectors have in common."""

import numpy as np
from keras import layers

from mtl_keras.trunks.base import Trunk


class TextBranch(Trunk):
    """A trunk for token ids `(batch, length)`, 0 = padding, 1 = unknown, over word vectors.

    Subclasses implement `connect(x)` and take the vectors of the words from `embed(x)`.

    Args:
        vocabulary_size: int, number of token ids.
        width: int, size of the word vectors.
        vectors: array `(vocabulary_size, width)` that the word vectors start from, such as
            `word_vectors` reads, or `None` for random ones.
        name: str, prefix of the layers' names.

    Raises:
        ValueError: `vectors` has another shape.

    Example:
        >>> import keras
        >>> class First(TextBranch):
        ...     def connect(self, x):
        ...         return self.embed(x)[:, 0]
        >>> First(1000, 8, None, "first")(keras.Input((20,), dtype="int32")).shape
        (None, 8)
    """

    def __init__(self, vocabulary_size, width, vectors, name):
        super().__init__(name)
        if vectors is not None and np.shape(vectors) != (vocabulary_size, width):
            raise ValueError(
                "Argument `vectors` must have the shape (vocabulary_size, width) = "
                f"({vocabulary_size}, {width}). Received: an array of shape {np.shape(vectors)}"
            )
        self.vocabulary_size, self.width, self.vectors = vocabulary_size, width, vectors

    def embed(self, x):
        """Returns the word vectors `(batch, length, width)` of token ids; padding has one, too."""
        layer = self.shared("vectors", layers.Embedding, self.vocabulary_size, self.width)
        first = not layer.built
        embedded = layer(x)
        if first and self.vectors is not None:
            layer.set_weights([self.vectors])
        return embedded

    def drop(self, x, rate, name="dropout"):
        """Returns the tensor after dropout, or itself where the rate is 0."""
        return self.shared(name, layers.Dropout, rate)(x) if rate else x
