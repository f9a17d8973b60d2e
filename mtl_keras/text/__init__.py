"""Text branches: builders that turn token ids into features."""

from mtl_keras.text.bag_of_words import BagOfWords, bag_of_words
from mtl_keras.text.base import TextBranch
from mtl_keras.text.embedding import embedding_branch
from mtl_keras.text.pooling import ClearPadding, MaskedAverage, MaskedMax
from mtl_keras.text.recurrent import TokenMask, recurrent
from mtl_keras.text.stop_words import STOP_WORDS, stop_word_ids
from mtl_keras.text.text_cnn import text_cnn
from mtl_keras.text.transformer import AttentionMask, Positions, transformer
from mtl_keras.text.word_dropout import WordDropout
from mtl_keras.text.word_vectors import word_vectors

__all__ = [
    "STOP_WORDS",
    "AttentionMask",
    "BagOfWords",
    "ClearPadding",
    "MaskedAverage",
    "MaskedMax",
    "Positions",
    "TextBranch",
    "TokenMask",
    "WordDropout",
    "bag_of_words",
    "embedding_branch",
    "recurrent",
    "stop_word_ids",
    "text_cnn",
    "transformer",
    "word_vectors",
]
