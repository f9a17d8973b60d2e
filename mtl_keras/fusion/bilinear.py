"""Low-rank bilinear fusion."""

from keras import layers

from mtl_keras.fusion.base import Fusion


class bilinear_fusion(Fusion):
    """Builds a low-rank bilinear fusion: the product of the projected parts.

    h = tanh(U v) ∘ tanh(V t), entry by entry, of more parts the product of all. A linear head on
    it gives each class a bilinear form of rank `width` at most.

    Args:
        width: int, rank. Defaults to 128.
        modality_dropout: float in [0, 1), how often a part is taken away in training. Defaults
            to 0.
        name: str, prefix of the layers' names. Defaults to `"bilinear_fusion"`.

    Example:
        >>> import keras
        >>> bilinear_fusion(32)([keras.Input((128,)), keras.Input((64,))]).shape
        (None, 32)

    Reference:
        Kim et al., "Hadamard Product for Low-rank Bilinear Pooling", ICLR 2017, arXiv 1610.04325;
        without the projection after the product, which the head does.
    """

    def __init__(self, width=128, modality_dropout=0.0, name="bilinear_fusion"):
        super().__init__(width, modality_dropout, name)

    def connect(self, features, present):
        parts = [
            self.shared(f"dense_{key}", layers.Dense, self.width, "tanh", use_bias=False)(x)
            for key, x in features.items()
        ]
        return self.shared("product", layers.Multiply)(parts)
