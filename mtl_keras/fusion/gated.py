"""Gated multimodal unit."""

from keras import layers

from mtl_keras.fusion.base import Fusion


class gated_fusion(Fusion):
    """Builds a gated multimodal unit: each row decides how much to hear of which part.

    Two parts: hᵥ = tanh(Wᵥ v), hₜ = tanh(Wₜ t), z = sigmoid(W_z [v; t]),
    h = z hᵥ + (1 - z) hₜ. Of more parts each has a gate of its own: h = Σ zᵢ hᵢ, and the gates need
    not sum to 1. No biases. The gate sees the parts themselves, as in the paper; the authors' code
    gates on the projections.

    Args:
        width: int, units. Defaults to 128.
        modality_dropout: float in [0, 1), how often a part is taken away in training. Defaults
            to 0.
        name: str, prefix of the layers' names. Defaults to `"gated_fusion"`.

    Example:
        >>> import keras
        >>> gated_fusion(32)({"image": keras.Input((128,)), "text": keras.Input((64,))}).shape
        (None, 32)

    Reference:
        Arevalo et al., "Gated Multimodal Units for Information Fusion", ICLR 2017 workshop,
        arXiv 1702.01992.
    """

    def __init__(self, width=128, modality_dropout=0.0, name="gated_fusion"):
        super().__init__(width, modality_dropout, name)

    def connect(self, features, present):
        joined = self.shared("joined", layers.Concatenate)(list(features.values()))
        hidden = {key: self._dense(f"hidden_{key}", "tanh")(x) for key, x in features.items()}
        if len(features) == 2:
            gate = self._dense("gate", "sigmoid")(joined)
            first, second = hidden.values()
            return gate * first + (1 - gate) * second
        gates = {key: self._dense(f"gate_{key}", "sigmoid")(joined) for key in features}
        return sum(gates[key] * hidden[key] for key in features)

    def _dense(self, name, activation):
        return self.shared(name, layers.Dense, self.width, activation, use_bias=False)
