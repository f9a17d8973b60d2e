"""Words that are made unknown at random."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("mtl_keras")
class WordDropout(layers.Layer):
    """Replaces token ids by 1, the unknown word, at random in training; padding stays.

    It regularises, and it teaches a branch what an unknown word means: a vocabulary made of all
    training words never shows it one.

    Args:
        rate: float in [0, 1), the part of the words that is replaced.
        seed: int or `None`, seed of the draws. Their state is saved with the model.

    Call arguments:
        tokens: int (batch, length), 0 = padding, 1 = unknown.
        training: bool, whether to replace words.

    Example:
        >>> import numpy as np
        >>> layer = WordDropout(0.5, seed=0)
        >>> tokens = np.array([[5, 7, 8, 9, 0, 0]])
        >>> sorted(set(layer(tokens, training=True).numpy()[0, :4].tolist()) - {5, 7, 8, 9})
        [1]
        >>> layer(tokens).numpy().tolist()
        [[5, 7, 8, 9, 0, 0]]

    Reference:
        Iyyer et al., "Deep Unordered Composition Rivals Syntactic Methods for Text
        Classification", ACL 2015; Kiperwasser and Goldberg, TACL 2016, for the unknown word.
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"Argument `rate` must be in [0, 1). Received: rate={rate}")
        self.rate, self.seed = rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, tokens, training=False):
        if not training or not self.rate:
            return tokens
        draws = keras.random.uniform(ops.shape(tokens), seed=self.seed_generator)
        return ops.where(ops.logical_and(draws < self.rate, tokens > 0), 1, tokens)

    def compute_output_spec(self, tokens, training=False):
        return keras.KerasTensor(tokens.shape, tokens.dtype)

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
