"""Which labels are maps of a picture, so that they move where it is moved."""


def dense_targets(name, table, augment):
    """Returns the dense targets of a source and the picture that each moves with.

    Labels of rank 3 or more, `(n, height, width)` or `(n, height, width, channels)`, are dense
    targets of the source's picture. They matter where its augmentation crops, mirrors or
    turns.

    Args:
        name: str, the source, for messages.
        table: `Table`.
        augment: dict picture input -> `Augmentation`.

    Returns:
        dict task -> picture input, empty where nothing moves.

    Raises:
        ValueError: if a target cannot move with a picture: there are several pictures, or its
            height and width are not the picture's.

    Example:
        >>> import numpy as np
        >>> from mtl_keras.data import Augmentation
        >>> from mtl_keras.data.arrays import table
        >>> image, parts = np.zeros((5, 8, 8, 3), "uint8"), np.zeros((5, 8, 8), int)
        >>> rows = table("scenes", ({"image": image}, {"parts": parts, "kind": np.arange(5)}))
        >>> dense_targets("scenes", rows, {"image": Augmentation(flip=True)})
        {'parts': 'image'}
    """
    moving = [key for key in table.inputs if key in augment and augment[key].moves]
    dense = {task: tuple(v.shape) for task, v in table.labels.items() if len(v.shape) > 2}
    if not moving or not dense:
        return {}
    pictures = [key for key, value in table.inputs.items() if len(value.shape) == 4]
    if len(pictures) > 1:
        raise ValueError(
            f"Source {name!r}: augmentation cannot tell which of the pictures "
            f"{', '.join(pictures)} the dense labels of task {next(iter(dense))!r} belong to. "
            "Leave out crop, flip and rotation."
        )
    (picture,) = moving
    size = tuple(table.inputs[picture].shape[1:3])
    for task, shape in dense.items():
        if shape[1:3] != size:
            raise ValueError(
                f"Source {name!r}, task {task!r}: dense labels move with the picture {picture!r} "
                f"under crop, flip and rotation, so they must have its height and width, {size}. "
                f"Received: labels of shape {shape}"
            )
    return dict.fromkeys(dense, picture)
