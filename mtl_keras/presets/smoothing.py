"""Label smoothing for the losses of a `Data`, whose labels are class numbers."""

import keras


@keras.saving.register_keras_serializable("mtl_keras")
class SmoothedCrossentropy(keras.losses.SparseCategoricalCrossentropy):
    """Cross-entropy between class numbers and logits, with smoothed labels.

    Keras smooths one-hot labels only. A part of the probability of each label, the smoothing, is
    spread evenly over all classes.

    Args:
        smoothing: float in [0, 1), the part that is spread. Defaults to 0.1.
        reduction: as in Keras. Defaults to `"sum_over_batch_size"`.
        name: str. Defaults to `"smoothed_crossentropy"`.

    Example:
        >>> import numpy as np
        >>> loss = SmoothedCrossentropy(0.2)
        >>> round(float(loss(np.array([1]), np.array([[0.0, 0.0]]))), 4)
        0.6931

    Reference:
        Szegedy et al., "Rethinking the Inception Architecture", CVPR 2016, section 7.
    """

    def __init__(
        self, smoothing=0.1, reduction="sum_over_batch_size", name="smoothed_crossentropy"
    ):
        super().__init__(from_logits=True, reduction=reduction, name=name)
        if not 0 <= smoothing < 1:
            raise ValueError(
                f"Argument `smoothing` must be in [0, 1). Received: smoothing={smoothing}"
            )
        self.smoothing = smoothing

    def call(self, y_true, y_pred):
        sharp = super().call(y_true, y_pred)
        even = -keras.ops.mean(keras.ops.log_softmax(y_pred, axis=-1), axis=-1)
        return (1 - self.smoothing) * sharp + self.smoothing * even

    def get_config(self):
        return {"smoothing": self.smoothing, "reduction": self.reduction, "name": self.name}


def smooth(losses, smoothing):
    """Returns the losses of a `Data` with smoothed labels.

    Args:
        losses: dict task -> loss on logits, as `Data.losses`.
        smoothing: float in [0, 1); 0 returns the losses as they are.

    Returns:
        dict task -> loss.

    Example:
        >>> losses = {"match": keras.losses.BinaryCrossentropy(from_logits=True)}
        >>> smooth(losses, 0.1)["match"].get_config()["label_smoothing"]
        0.1
    """
    if not smoothing:
        return dict(losses)
    return {task: _smoothed(loss, smoothing) for task, loss in losses.items()}


def _smoothed(loss, smoothing):
    if isinstance(loss, keras.losses.BinaryCrossentropy):
        return keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=smoothing)
    return SmoothedCrossentropy(smoothing)
