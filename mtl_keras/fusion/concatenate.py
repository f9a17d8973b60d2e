"""Fusion by concatenation."""

from keras import layers

from mtl_keras.fusion.base import Fusion


class concatenate_fusion(Fusion):
    """Builds a fusion that concatenates the parts and passes them through a dense layer.

    h = activation(W [v; t] + b), the default of multimodal networks. The activation matters.
    Without one, and with `keras.layers.Concatenate` straight under a linear head, the answer is a
    sum f(v) + g(t) of what each part says alone, and a sum cannot say whether the parts match: for
    K equally frequent classes the best threshold of any such sum is right in 75 % of the pairs, and
    crossentropy, being convex in it, ends at the constant, 50 %. Products, gates and hidden layers
    can. Where parts only add evidence to each other, Keras' own layer is enough.

    Args:
        width: int, units of the dense layer. Defaults to 128.
        activation: as in Keras. Defaults to `"relu"`.
        modality_dropout: float in [0, 1), how often a part is taken away in training. Defaults
            to 0.
        name: str, prefix of the layers' names. Defaults to `"concatenate_fusion"`.

    Example:
        >>> import keras
        >>> image, text = keras.Input((128,)), keras.Input((64,))
        >>> concatenate_fusion(32)({"image": image, "text": text}).shape
        (None, 32)
    """

    def __init__(
        self, width=128, activation="relu", modality_dropout=0.0, name="concatenate_fusion"
    ):
        super().__init__(width, modality_dropout, name)
        self.activation = activation

    def connect(self, features, present):
        joined = self.shared("joined", layers.Concatenate)(list(features.values()))
        return self.shared("dense", layers.Dense, self.width, self.activation)(joined)
