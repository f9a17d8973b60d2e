"""Cross-attention between parts."""

from keras import layers

from mtl_keras.fusion.base import Fusion


class cross_attention_fusion(Fusion):
    """Builds a fusion in which the tokens of each part attend to those of the others.

    For each part: x = W v; x ← norm(x + attention(query x, keys and values: the tokens of all
    other parts)); its mean over the tokens. The means are concatenated and pass through a dense
    layer. Features may be sequences (batch, tokens, width), maps (batch, height, width, channels),
    each place being a token, or vectors, one token; attention needs several to choose from, so
    give at least one part unpooled. A Keras mask of padding (`mask_zero=True`) is obeyed. Every
    token of an absent part is its stand-in.

    Args:
        width: int, units. Defaults to 128.
        num_heads: int, a divisor of `width`. Defaults to 4.
        modality_dropout: float in [0, 1), how often a part is taken away in training. Defaults
            to 0.
        name: str, prefix of the layers' names. Defaults to `"cross_attention_fusion"`.

    Raises:
        ValueError: `width` is no multiple of `num_heads`.

    Example:
        >>> import keras
        >>> image, words = keras.Input((4, 4, 64)), keras.Input((20, 32))
        >>> cross_attention_fusion(32)({"image": image, "text": words}).shape
        (None, 32)

    Reference:
        Lu et al., "ViLBERT", NeurIPS 2019, arXiv 1908.02265 (co-attention); Vaswani et al.,
        "Attention Is All You Need", NeurIPS 2017.
    """

    takes_tokens = True

    def __init__(self, width=128, num_heads=4, modality_dropout=0.0, name="cross_attention_fusion"):
        super().__init__(width, modality_dropout, name)
        if width % num_heads:
            raise ValueError(
                "Argument `width` must be a multiple of `num_heads`. "
                f"Received: width={width}, num_heads={num_heads}"
            )
        self.num_heads = num_heads

    def connect(self, features, present):
        projected = {
            key: self.shared(f"dense_{key}", layers.Dense, self.width)(x)
            for key, x in features.items()
        }
        means = [self._attend(key, projected) for key in projected]
        joined = self.shared("joined", layers.Concatenate)(means)
        return self.shared("dense", layers.Dense, self.width, "relu")(joined)

    def _attend(self, key, parts):
        """The part's mean after a look at the others."""
        x, others = parts[key], [part for name, part in parts.items() if name != key]
        if len(others) > 1:
            others = [self.shared(f"others_{key}", layers.Concatenate, axis=1)(others)]
        attention = self.shared(
            f"attention_{key}",
            layers.MultiHeadAttention,
            self.num_heads,
            self.width // self.num_heads,
        )
        x = self.shared(f"add_{key}", layers.Add)([x, attention(x, others[0])])
        x = self.shared(f"attended_{key}", layers.LayerNormalization, epsilon=1e-6)(x)
        return self.shared(f"mean_{key}", layers.GlobalAveragePooling1D)(x)
