"""Text branches: builders that turn token ids into features."""

from mtl_keras.text.embedding import MaskedAverage, embedding_branch

__all__ = ["MaskedAverage", "embedding_branch"]
