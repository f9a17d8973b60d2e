"""Pictures with a part of another one, and their labels."""

import tensorflow as tf

from mtl_keras import losses as task_losses
from mtl_keras.data.picture_mix import PictureMix
from mtl_keras.data.schedule import fold


class CutMix(PictureMix):
    """Puts a rectangle of another picture in each one, and mixes the labels by area.

    The rectangle has the sides √(1 - λ) of the picture's, λ from Beta(alpha, alpha), its centre is
    anywhere, and what stands out is cut off. One-hot vectors (`OneHot` makes them) and labels of 0
    and 1 are mixed by the areas that result; dense labels, `(batch, height, width)` or `(batch,
    height, width, channels)` of the picture's size, are cut as the picture is, class numbers and
    single missing pixels too. Values of a whole picture are refused: a part of it has no known part
    of the value. For training data alone; accuracies in its logs compare with labels that
    are shares.

    Args:
        task_inputs, losses, tasks, seed: as in `MixUp`.
        alpha: float > 0. Defaults to 1: λ is uniform.

    Raises:
        ValueError: as in `MixUp`; in `dataset.apply` also if labels are values of whole pictures,
            or dense ones of another size.

    Example:
        >>> import numpy as np
        >>> import mtl_keras as mtl
        >>> rows = {"image": np.zeros((8, 6, 6, 1), "uint8")}, {"parts": np.zeros((8, 6, 6), int)}
        >>> train = mtl.data.zip_tasks({"rows": rows}, batch_size=4)
        >>> losses = {"parts": mtl.heads.dense(3, (6, 6)).loss}
        >>> cut = train.apply(mtl.data.CutMix({"parts": ["image"]}, losses))
        >>> next(iter(cut))[1]["parts"].shape
        TensorShape([4, 6, 6])

    Reference:
        Yun et al., "CutMix", ICCV 2019, algorithm A1; one rectangle for each row, as
        `keras.layers.CutMix`.
    """

    def kept(self, pictures, key):
        rows, height, width = tf.unstack(tf.shape(pictures)[:3])
        side = tf.sqrt(1 - self.shares(rows, fold(key, 0)))
        centre = tf.random.stateless_uniform((2, rows), fold(key, 1))
        inside = [_span(size, side, at) for size, at in zip((height, width), tf.unstack(centre))]
        return ~(inside[0][:, :, None] & inside[1][:, None, :])

    def check_labels(self, task, labels, picture):
        kind = task_losses.kind(self.losses[task])
        if labels.shape.rank > 2:
            if labels.shape[1:3] != picture.shape[1:3]:
                raise ValueError(
                    f"Task {task!r}: CutMix cuts dense labels as pictures, so they must have the "
                    f"same height and width, {tuple(picture.shape[1:3])}. "
                    f"Received: labels of shape {tuple(labels.shape)}"
                )
        elif kind == "sparse":
            raise self.needs_vectors(task)
        elif kind == "other":
            raise ValueError(
                f"Task {task!r}: CutMix cannot say what the value of a cut picture is (its loss is "
                f"{self.losses[task].name}). Leave the task's picture out, or use MixUp."
            )


def _span(size, side, centre):
    """Which places along one axis lie in the rectangle, bool `(batch, size)`."""
    half = tf.cast(tf.cast(size, tf.float32) * side, tf.int32) // 2
    middle = tf.cast(tf.cast(size, tf.float32) * centre, tf.int32)
    places = tf.range(size)
    return (places >= (middle - half)[:, None]) & (places < (middle + half)[:, None])
