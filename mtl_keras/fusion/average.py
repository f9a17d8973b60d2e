"""Fusion by the mean of what is there."""

from keras import layers, ops

from mtl_keras.fusion.base import Fusion, everywhere


class average_fusion(Fusion):
    """Builds a fusion that averages the projections of the parts that are there.

    h = relu(Σ mᵢ (Wᵢ vᵢ + bᵢ) / Σ mᵢ), where mᵢ is 1 for a part that is present. An absent
    part is left out instead of replaced, so that nothing need be learned about absence; without any
    part the vector is 0. With all parts there it is `concatenate_fusion` in another scale.

    Args:
        width: int, size of the projections. Defaults to 128.
        modality_dropout: float in [0, 1), how often a part is taken away in training. Defaults
            to 0.
        name: str, prefix of the layers' names. Defaults to `"average_fusion"`.

    Example:
        >>> import keras
        >>> average_fusion(32)([keras.Input((128,)), keras.Input((64,))]).shape
        (None, 32)
    """

    stands_in = False

    def __init__(self, width=128, modality_dropout=0.0, name="average_fusion"):
        super().__init__(width, modality_dropout, name)

    def connect(self, features, present):
        total, count = 0, 0
        for key, x in features.items():
            x = self.shared(f"dense_{key}", layers.Dense, self.width)(x)
            there = present[key] if key in present else everywhere(x)
            there = ops.cast(ops.expand_dims(there, 1), x.dtype)
            total, count = total + there * x, count + there
        return self.shared("relu", layers.ReLU)(total / ops.maximum(count, 1))
