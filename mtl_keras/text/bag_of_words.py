"""Counts of words and word pairs, weighted."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from mtl_keras.trunks.base import Trunk

# Two numbers and a prime of a universal hash function; products of ids with them fit into int64.
_FIRST, _SECOND, _PRIME = 1_000_003_019, 512_927_377, 2**31 - 1
_ROWS = 256


@keras.saving.register_keras_serializable("mtl_keras")
class BagOfWords(layers.Layer):
    """Counts the words of a text and, hashed into buckets, its pairs of neighbouring words.

    What it does to the counts is what scikit-learn's `TfidfTransformer` does: each is multiplied by
    ln((1 + N) / (1 + n)) + 1, where n of the N training texts hold the word, and the features of a
    text are scaled to length 1. Padding, unknown words, words to leave out and pairs with one of
    these have the feature 0.

    Args:
        vocabulary_size: int, number of token ids.
        pairs: int, number of buckets of word pairs. Defaults to 0: words alone.
        binary: bool, whether a word counts once however often it occurs. Defaults to `False`.
        idf: bool, whether features are multiplied by their inverse document frequency, which
            `adapt` learns. Defaults to `False`.
        normalize: bool, whether the features of a text are scaled to length 1 (L2). Defaults to
            `False`.
        stop_ids: sequence of int, ids of words to leave out. Defaults to none.
        dtype: as in Keras. Defaults to `"float32"` whatever the policy: the squares of counts do
            not fit into float16.

    Call arguments:
        tokens: int (batch, length), 0 = padding, 1 = unknown. Returns float
            (batch, vocabulary_size + pairs): column i counts id i, the pairs come last.

    Example:
        >>> layer = BagOfWords(5, idf=True)
        >>> layer.adapt(np.array([[2, 3, 0], [2, 4, 4]]))
        >>> layer(np.array([[2, 4, 4, 0]])).numpy().round(3)
        array([[0.   , 0.   , 1.   , 0.   , 2.811]], dtype=float32)

    Reference:
        Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009.
    """

    def __init__(
        self,
        vocabulary_size,
        pairs=0,
        binary=False,
        idf=False,
        normalize=False,
        stop_ids=(),
        dtype="float32",
        **kwargs,
    ):
        super().__init__(dtype=dtype, **kwargs)
        self.vocabulary_size, self.pairs = vocabulary_size, pairs
        self.binary, self.idf, self.normalize = binary, idf, normalize
        self.stop_ids = [int(id) for id in stop_ids]
        wrong = [id for id in self.stop_ids if not 0 <= id < vocabulary_size]
        if wrong:
            raise ValueError(
                f"Argument `stop_ids` must hold ids below {vocabulary_size}. Received: {wrong}"
            )

    def build(self, input_shape=None):
        self.scale = self.add_weight(
            shape=(self.vocabulary_size + self.pairs,),
            initializer=lambda shape, dtype: self._masked(np.ones(shape, dtype)),
            trainable=False,
            name="scale",
        )

    def _masked(self, scale):
        scale[[0, 1, *self.stop_ids]] = 0
        return scale

    def adapt(self, data):
        """Learns the inverse document frequencies from training texts.

        Args:
            data: int array (n, length) of token ids, or a `tf.data.Dataset` of batches of them.

        Raises:
            ValueError: there is no text, or the layer has `idf=False`.
        """
        if not self.idf:
            raise ValueError("Only a bag of words with `idf=True` learns. Received: idf=False")
        if not self.built:
            self.build()
        if isinstance(data, tf.data.Dataset):
            batches = data
        else:
            data = np.asarray(data)
            batches = (data[start : start + _ROWS] for start in range(0, len(data), _ROWS))
        texts, holding = 0, 0
        for tokens in batches:
            texts += len(tokens)
            holding = holding + np.count_nonzero(self._counts(tokens), axis=0)
        if not texts:
            raise ValueError("Argument `data` must hold at least one text. Received: none")
        self.scale.assign(self._masked(np.log((1 + texts) / (1 + holding)) + 1))

    def call(self, tokens):
        counts = self._counts(tokens)
        if self.binary:
            counts = ops.minimum(counts, 1)
        bag = ops.cast(counts, self.scale.dtype) * self.scale
        return ops.normalize(bag, order=2) if self.normalize else bag

    def _counts(self, tokens):
        """Returns int (batch, vocabulary_size + pairs)."""
        if self.pairs:
            # What is left out has the scale 0; frequencies never make it 0.
            kept = ops.take(self.scale, tokens) > 0
            both = ops.logical_and(kept[:, :-1], kept[:, 1:])
            first, second = (ops.cast(x, "int64") for x in (tokens[:, :-1], tokens[:, 1:]))
            bucket = ops.mod(ops.mod(first * _FIRST + second * _SECOND, _PRIME), self.pairs)
            pairs = ops.where(both, ops.cast(bucket, "int32") + self.vocabulary_size, 0)
            tokens = ops.concatenate([ops.cast(tokens, "int32"), pairs], axis=1)
        tokens = ops.cast(tokens, "int32")
        rows = ops.shape(tokens)[0]
        # `ops.bincount` has a size that XLA does not know.
        row = ops.broadcast_to(ops.arange(rows)[:, None], ops.shape(tokens))
        places = ops.stack([row, tokens], axis=-1)
        return ops.scatter(places, ops.ones_like(tokens), (rows, self.vocabulary_size + self.pairs))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.vocabulary_size + self.pairs)

    def get_config(self):
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "pairs": self.pairs,
            "binary": self.binary,
            "idf": self.idf,
            "normalize": self.normalize,
            "stop_ids": self.stop_ids,
        }


class bag_of_words(Trunk):
    """Builds a text branch that counts words and word pairs; it has nothing to train.

    Called on token ids `(batch, length)`, 0 = padding and 1 = unknown, it returns features
    `(batch, vocabulary_size + pairs)`, see `BagOfWords`. With a dense head and L2 regularisation
    the model is logistic regression. Padding has no influence; an empty text gives zeros.

    Args:
        vocabulary_size: int, number of token ids.
        pairs: int, number of buckets of word pairs. Defaults to 0: words alone.
        binary: bool, whether a word counts once however often it occurs. Defaults to `False`.
        idf: bool, whether features are multiplied by their inverse document frequency, which
            `adapt` learns. Defaults to `False`.
        normalize: bool, whether the features of a text are scaled to length 1 (L2). Defaults to
            `False`.
        stop_ids: sequence of int, ids of words to leave out, see `stop_word_ids`. Defaults to
            none.
        name: str, prefix of the layers' names. Defaults to `"bag_of_words"`.

    Example:
        >>> branch = bag_of_words(1000, pairs=500, idf=True, normalize=True)
        >>> branch.adapt(np.random.default_rng(0).integers(2, 1000, (64, 20)))
        >>> x = keras.Input((20,), dtype="int32")
        >>> penalty = keras.regularizers.L2(1e-6)
        >>> topic = layers.Dense(4, kernel_regularizer=penalty, name="topic")(branch(x))

    Reference:
        Wang and Manning, "Baselines and Bigrams", ACL 2012.
    """

    def __init__(
        self,
        vocabulary_size,
        pairs=0,
        binary=False,
        idf=False,
        normalize=False,
        stop_ids=(),
        name="bag_of_words",
    ):
        super().__init__(name)
        options = (vocabulary_size, pairs, binary, idf, normalize, stop_ids)
        self.bag = self.shared("bag", BagOfWords, *options)

    def adapt(self, data):
        """Learns the inverse document frequencies from training texts.

        Args:
            data: int array (n, length) of token ids, or a `tf.data.Dataset` of batches of them.
        """
        self.bag.adapt(data)

    def connect(self, x):
        if self.bag.idf and not self.bag.built:
            raise ValueError(
                "A bag of words with `idf=True` must be given training texts first: call "
                "`adapt(ids)` before it is called on an input."
            )
        return self.bag(x)
