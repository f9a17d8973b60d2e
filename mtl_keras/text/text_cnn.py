"""The convolutional network for sentences."""

from keras import layers

from mtl_keras.text.base import TextBranch
from mtl_keras.text.pooling import ClearPadding, MaskedMax


class text_cnn(TextBranch):
    """Builds a text branch of convolutions over word vectors, each pooled by its maximum over time.

    Called on token ids `(batch, length)`, 0 = padding and 1 = unknown, it returns features
    `(batch, len(kernel_sizes) * filters)`. Called again on another input it shares everything.

    Padding has no influence: its vectors are zeros, and the maximum is taken over the windows
    around the tokens that are there. (The paper's code widens the text by four words on both
    sides, where windows see one word only; the maximum is then also over those.) A text may be
    shorter than a window. An empty one gives zeros.

    Args:
        vocabulary_size: int, number of token ids.
        width: int, size of the word vectors. Defaults to 128.
        filters: int, filters of each kernel size. Defaults to 100.
        kernel_sizes: tuple of int, widths of the windows in words. Defaults to `(3, 4, 5)`.
        dropout: float, dropout rate on the features. Defaults to 0.5.
        vectors: array `(vocabulary_size, width)` that the word vectors start from. Defaults to
            random ones.
        name: str, prefix of the layers' names. Defaults to `"text_cnn"`.

    Example:
        >>> import keras
        >>> branch = text_cnn(1000, filters=10)
        >>> branch(keras.Input((20,), dtype="int32")).shape
        (None, 30)

    Reference:
        Kim, "Convolutional Neural Networks for Sentence Classification", EMNLP 2014. Its word
        vectors have size 300, and its dense layer has
        `kernel_constraint=keras.constraints.MaxNorm(3)`.
    """

    def __init__(
        self,
        vocabulary_size,
        width=128,
        filters=100,
        kernel_sizes=(3, 4, 5),
        dropout=0.5,
        vectors=None,
        name="text_cnn",
    ):
        super().__init__(vocabulary_size, width, vectors, name)
        self.filters, self.kernel_sizes, self.dropout = filters, tuple(kernel_sizes), dropout

    def connect(self, x):
        words = self.shared("clear", ClearPadding)([self.embed(x), x])
        features = [self._windows(words, x, size) for size in self.kernel_sizes]
        if len(features) > 1:
            features = self.shared("concatenate", layers.Concatenate)(features)
        else:
            (features,) = features
        return self.drop(features, self.dropout)

    def _windows(self, words, x, size):
        options = {"padding": "same", "activation": "relu"}
        conv = self.shared(f"conv{size}", layers.Conv1D, self.filters, size, **options)
        return self.shared("pool", MaskedMax)([conv(words), x])
