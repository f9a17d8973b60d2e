"""What every fusion does: name its parts, normalise them, fill in for the absent ones."""

from keras import layers, ops

from mtl_keras.fusion.absence import Part
from mtl_keras.fusion.modality_dropout import ModalityDropout
from mtl_keras.fusion.stand_in import StandIn
from mtl_keras.trunks.base import Trunk


class Fusion(Trunk):
    """A builder that is called on the features of several inputs and joins them in one vector.

    Every part is normalised (LayerNormalization), so that none drowns the others. Where a part
    may be absent, being a `Part` of `optional`, a learned vector stands in for it. Subclasses
    implement `connect(features, present)`: dicts part -> tensor and part -> bool (batch,), the
    second without parts that are always there. Called again on parts of the same names it
    shares its layers.

    Args:
        width: int, size of the joined vector.
        modality_dropout: float in [0, 1), how often `ModalityDropout` takes a part away in
            training.
        name: str, prefix of the layers' names.

    Example:
        >>> import keras
        >>> class Product(Fusion):
        ...     def connect(self, features, present):
        ...         return self.shared("product", layers.Multiply)(list(features.values()))
        >>> Product(4, 0.0, "product")([keras.Input((4,)), keras.Input((4,))]).shape
        (None, 4)
    """

    stands_in = True  # whether absent parts are replaced, not left out
    takes_tokens = False  # whether features may be sequences or maps

    def __init__(self, width, modality_dropout, name):
        super().__init__(name)
        if not 0 <= modality_dropout < 1:
            raise ValueError(
                "Argument `modality_dropout` must be in [0, 1). "
                f"Received: modality_dropout={modality_dropout!r}"
            )
        self.width, self.modality_dropout = width, modality_dropout

    def __call__(self, parts):
        """Adds the layers to the graph and returns the joined vector (batch, width).

        Args:
            parts: dict or list of two or more features (batch, features), or `Part`s.

        Raises:
            ValueError: fewer than two parts, or features of another rank.
        """
        if not isinstance(parts, dict):
            parts = dict(zip(map(str, range(len(parts))), parts))
        if len(parts) < 2:
            raise ValueError(f"A fusion joins two or more parts. Received: {list(parts)}")
        parts = {key: part if isinstance(part, Part) else Part(part) for key, part in parts.items()}
        present = self._present(parts)
        features = {}
        for key, part in parts.items():
            if len(part.features.shape) != 2 and not self.takes_tokens:
                raise ValueError(
                    f"Part {key!r} of {self.name} must be features (batch, features); pool them "
                    f"first. Received: shape {part.features.shape}"
                )
            x = tokens(part.features) if self.takes_tokens else part.features
            # The default epsilon would drown averaged word vectors, which begin small.
            x = self.shared(f"norm_{key}", layers.LayerNormalization, epsilon=1e-6)(x)
            if self.stands_in and key in present:
                x = self.shared(f"stand_in_{key}", StandIn)([x, present[key]])
            features[key] = x
        return self.connect(features, present)

    def connect(self, features, present):
        raise NotImplementedError(
            f"{type(self).__name__} must implement connect(features, present)."
        )

    def _present(self, parts):
        """Dict part -> bool (batch,), of the parts that may be absent."""
        if not self.modality_dropout:
            return {key: part.present for key, part in parts.items() if part.present is not None}
        present = [
            everywhere(part.features) if part.present is None else part.present
            for part in parts.values()
        ]
        drop = self.shared("modality_dropout", ModalityDropout, self.modality_dropout)
        return dict(zip(parts, drop(present)))


def everywhere(features):
    """Returns the presence of a part that is always there: bool (batch,), all true."""
    true = ops.ones_like(features, dtype="bool")
    return ops.all(true, axis=tuple(range(1, len(features.shape))))


def tokens(features):
    """Returns features as a sequence (batch, tokens, width): a vector is one, a map has many."""
    if len(features.shape) == 3:
        return features
    return layers.Reshape((-1, features.shape[-1]))(features)
