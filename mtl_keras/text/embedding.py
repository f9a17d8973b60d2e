"""Averaged word embeddings."""

from mtl_keras.text.base import TextBranch
from mtl_keras.text.pooling import MaskedAverage


class embedding_branch(TextBranch):
    """Builds a text branch that averages learned word vectors.

    Called on token ids `(batch, length)`, 0 = padding and 1 = unknown, it returns features
    `(batch, width)`. Called again on another input it shares the vectors. Padding has no influence.

    Args:
        vocabulary_size: int, number of token ids.
        width: int, size of the word vectors. Defaults to 64.
        dropout: float, dropout rate on the averaged vector. Defaults to 0.2.
        vectors: array `(vocabulary_size, width)` that the word vectors start from. Defaults to
            random ones.
        name: str, prefix of the layers' names. Defaults to `"embedding_branch"`.

    Example:
        >>> import keras
        >>> branch = embedding_branch(1000)
        >>> branch(keras.Input((20,), dtype="int32")).shape
        (None, 64)

    Reference:
        Joulin et al., "Bag of Tricks for Efficient Text Classification", EACL 2017.
    """

    def __init__(
        self, vocabulary_size, width=64, dropout=0.2, vectors=None, name="embedding_branch"
    ):
        super().__init__(vocabulary_size, width, vectors, name)
        self.dropout = dropout

    def connect(self, x):
        average = self.shared("average", MaskedAverage)([self.embed(x), x])
        return self.drop(average, self.dropout)
