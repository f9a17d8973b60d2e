"""Training rows of which some classes have few, and over-sampling of these."""

import numpy as np

import mtl_keras as mtl


def imbalanced(data, task, least, oversample=False):
    """Returns training batches in which the classes have more and more unequal numbers of rows.

    The first class keeps its rows, the last one a part `least`, those between geometrically less
    and less. Over-sampling repeats rows until every class has as many as the first.

    Args:
        data: a `Data` of pictures; its validation and test rows stay as they are.
        task: str, whose classes are counted.
        least: float in (0, 1], the part of its rows that the last class keeps.
        oversample: bool. Defaults to `False`.

    Returns:
        (batches, rows): a `tf.data.Dataset` as `data.train`, and the number of different rows.

    Example:
        >>> digits = mtl.data.load(digits="sample/digits", batch_size=32)
        >>> batches, rows = imbalanced(digits, "digits", least=0.1)
        >>> rows < digits.examples["digits"]["train"] / 2
        True
    """
    inputs, labels = data.raw(task, "train")
    numbers = np.arange(len(data.class_names[task]))
    kept = least ** (numbers / numbers[-1])
    rows = [np.flatnonzero(labels == number) for number in numbers]
    rows = [of[: max(1, round(part * len(of)))] for of, part in zip(rows, kept)]
    different = sum(map(len, rows))
    if oversample:
        rows = [np.resize(of, max(map(len, rows))) for of in rows]
    batches = mtl.data.zip_tasks(
        {task: (inputs, {task: labels})},
        data.batch_size,
        seed=data.seed,
        rows={task: np.concatenate(rows)},
    )
    return batches, different


def class_weights(data, task, least):
    """Returns the weights, inverse to the numbers of rows, that `imbalanced` rows call for.

    Example:
        >>> digits = mtl.data.load(digits="sample/digits")
        >>> weights = class_weights(digits, "digits", least=0.1)
        >>> round(weights[9] / weights[0])
        10
    """
    classes = len(data.class_names[task])
    inverse = least ** (-np.arange(classes) / (classes - 1))
    return dict(enumerate((inverse * classes / inverse.sum()).tolist()))
