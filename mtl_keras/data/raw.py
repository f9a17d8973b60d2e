"""A data set in memory, as every reader gives it."""

import dataclasses

import numpy as np

HELD_OUT = 10  # A set without a test split gives one row in ten of its training rows.


@dataclasses.dataclass
class Split:
    """The rows of one split.

    Args:
        inputs: dict, `"image"` -> uint8 array `(n, height, width, channels)` and/or `"text"` ->
            object array `(n,)` of `str`.
        labels: dict, label column -> int32 array `(n,)` with -1 for a missing label, or float32
            array `(n, labels)` of 0, 1 and NaN (missing) where a row may have several labels.

    Example:
        >>> split = Split({"text": np.array(["a", "b"], object)}, {"label": np.array([0, 1])})
        >>> len(split), list(split.take([1]).inputs["text"])
        (2, ['b'])
    """

    inputs: dict
    labels: dict

    def __len__(self):
        return len(next(iter(self.inputs.values())))

    def take(self, rows):
        """Returns a `Split` with these rows only, in this order."""
        return Split(
            {kind: array[rows] for kind, array in self.inputs.items()},
            {column: array[rows] for column, array in self.labels.items()},
        )


@dataclasses.dataclass
class RawSet:
    """The splits of one data set.

    Args:
        name: what the user called the set, for messages.
        splits: dict with `"train"` and possibly `"validation"` and `"test"` -> `Split`.
        class_names: dict, label column -> list of class names. Two names and integer labels make
            a binary column; float labels of rank 2 make a multi-label one.
        official_train: number of training rows of the official set, `None` where it is not known.

    Example:
        >>> split = Split({"text": np.array(["a"] * 20, object)}, {"label": np.arange(20) % 2})
        >>> {k: len(v) for k, v in RawSet("s", {"train": split}, {}).complete().splits.items()}
        {'train': 18, 'test': 2}
    """

    name: str
    splits: dict
    class_names: dict
    official_train: int | None = None

    def complete(self):
        """Returns the set with a test split that has labels, or says why it cannot.

        Where the test split hides its labels (all of them are missing), the validation split is
        the test split. Where there is no test split, one training row in ten is held out, the
        same rows whatever the seed, so that runs with different seeds share their test rows.

        Raises:
            ValueError: if a split is empty.
        """
        splits = dict(self.splits)
        for key, split in splits.items():
            if not len(split):
                raise ValueError(f"Data set {self.name!r} is empty: its {key} split has no rows.")
        if "test" in splits and all(map(_hidden, splits["test"].labels.values())):
            del splits["test"]
            if "validation" in splits:
                splits["test"] = splits.pop("validation")
        if "test" not in splits:
            train = splits["train"]
            if len(train) < 2:
                raise ValueError(
                    f"Data set {self.name!r} must have at least 2 rows, one to train on and one "
                    f"to test with. Received: {len(train)} row."
                )
            order = np.random.RandomState(0).permutation(len(train))
            held = max(1, len(train) // HELD_OUT)
            splits["test"] = train.take(np.sort(order[:held]))
            splits["train"] = train.take(np.sort(order[held:]))
        return dataclasses.replace(self, splits=splits)

    def check_labels(self, column, task):
        """Checks that the labels of a column are among its classes.

        Raises:
            ValueError: naming the set, the task, the label and the number of classes.
        """
        classes = len(self.class_names[column])
        for key, split in self.splits.items():
            labels = split.labels[column]
            if labels.ndim == 1:
                wrong = (labels < -1) | (labels >= classes)
                law = f"0 to {classes - 1}, or -1 for a missing one"
            else:
                wrong = ~(np.isnan(labels) | (labels == 0) | (labels == 1)).all(axis=1)
                law = "0, 1, or NaN for a missing one"
            if wrong.any():
                row = int(np.argmax(wrong))
                raise ValueError(
                    f"Data set {self.name!r}, task {task!r}: label {labels[row]} of row {row} of "
                    f"the {key} split is not among the {classes} classes ({law})."
                )


def _hidden(labels):
    return bool(np.all(labels == -1) if labels.ndim == 1 else np.all(np.isnan(labels)))
