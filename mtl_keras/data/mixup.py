"""Sums of two pictures and of their labels."""

import tensorflow as tf

from mtl_keras import losses as task_losses
from mtl_keras.data.picture_mix import PictureMix


class MixUp(PictureMix):
    """Adds up two pictures, and their labels, in shares that are drawn for each row.

    x = λ x_i + (1 - λ) x_j and y = λ y_i + (1 - λ) y_j with λ from Beta(alpha, alpha). Labels may
    be one-hot vectors (`OneHot` makes them), labels of 0 and 1, values, and maps of these. For
    training data alone; accuracies in its logs compare with labels that are shares.

    Args:
        task_inputs: dict task -> list of the names of its inputs: `data.task_inputs` or
            `model.task_inputs`.
        losses: dict task -> loss, as `compile` takes them: they tell what the labels are.
        tasks: list of the tasks whose pictures are mixed. Defaults to all.
        alpha: float > 0. Defaults to 0.2.
        seed: int. Defaults to 0.

    Raises:
        ValueError: if an argument is out of its range, a task joins a picture with something else,
            or another task sees the picture; in `dataset.apply`: if an input is no float picture,
            or labels are class numbers.

    Example:
        >>> import keras, numpy as np
        >>> import mtl_keras as mtl
        >>> rows = {"digits_image": np.zeros((8, 6, 6, 1), "uint8")}, {"digits": np.arange(8)}
        >>> train = mtl.data.zip_tasks({"digits": rows}, batch_size=4)
        >>> losses = {"digits": keras.losses.CategoricalCrossentropy(from_logits=True)}
        >>> mixed = train.map(mtl.data.OneHot({"digits": 8})).apply(
        ...     mtl.data.MixUp({"digits": ["digits_image"]}, losses)
        ... )
        >>> inputs, labels = next(iter(mixed))
        >>> labels["digits"].shape, labels["digits"].numpy().sum(axis=1).round(4).tolist()
        (TensorShape([4, 8]), [1.0, 1.0, 1.0, 1.0])

    Reference:
        Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018; one λ for each row,
        as `keras.layers.MixUp`.
    """

    def __init__(self, task_inputs, losses, tasks=None, alpha=0.2, seed=0):
        super().__init__(task_inputs, losses, tasks, alpha, seed)

    def kept(self, pictures, key):
        return self.shares(tf.shape(pictures)[0], key)[:, None, None]

    def check_labels(self, task, labels, picture):
        kind = task_losses.kind(self.losses[task])
        if kind == "sparse":
            raise self.needs_vectors(task)
        if kind == "other" and not labels.dtype.is_floating:
            raise ValueError(
                f"Task {task!r}: MixUp mixes values, which must be floats. "
                f"Received: labels of dtype {labels.dtype.name}"
            )
