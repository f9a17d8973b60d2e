"""MultiMNIST and its Fashion variants: two pictures laid over each other, two labels."""

import hashlib

import numpy as np

from mtl_keras.data.sources import read
from mtl_keras.errors import unknown

SETS = {
    "mnist": ("mnist", "mnist"),
    "fashion": ("fashion_mnist", "fashion_mnist"),
    "mnist_and_fashion": ("mnist", "fashion_mnist"),
}
CHECKSUMS = {  # of the sets made from the official files
    "mnist": "3f7b2c97c0552287",
    "fashion": "ba12080dc5dde995",
    "mnist_and_fashion": "73119ebd47353554",
}
_SIDE, _CANVAS = 28, 36
_SPLITS = {"train": (0, 50_000), "validation": (50_000, 60_000), "test": (0, 10_000)}
_KEPT = ((np.arange(_SIDE) + 0.5) * _CANVAS / _SIDE).astype(int)


def overlaid(name="mnist", data_dir=None):
    """Returns the training, validation and test pictures of a set.

    `"mnist"` is MultiMNIST as Kurin et al. made it, right down to the draws: left digit i is
    digit i of MNIST in its original order, the right one is drawn with replacement.
    `"fashion"` and `"mnist_and_fashion"` are re-creations: Lin et al. published pictures, no
    generator. Here each picture of a split once lies towards the top left, and one of another
    class of the same split towards the bottom right, each moved by 0 to 4 pixels. In
    `"mnist_and_fashion"` the left one is a digit, the right one a piece of clothing.

    Args:
        name: `"mnist"`, `"fashion"` or `"mnist_and_fashion"`. Defaults to `"mnist"`.
        data_dir: str or path, the folder of TensorFlow Datasets. Defaults to the environment's
            `TFDS_DATA_DIR`, else `~/tensorflow_datasets`.

    Returns:
        dict `"train"` (50,000 rows), `"validation"` and `"test"` (10,000 each) ->
        (pictures, labels): uint8 `(n, 28, 28, 1)`, of the variants `(n, 36, 36, 1)`, and a dict
        `"left"`, `"right"` -> int32 `(n,)`.

    Raises:
        ValueError: the set is not known.

    Reference:
        Kurin et al., "In Defense of the Unitary Scalarization for Deep Multi-Task Learning",
        NeurIPS 2022, arXiv 2201.04122; Lin et al., "Pareto Multi-Task Learning", NeurIPS 2019.
    """
    if name not in SETS:
        raise unknown("set of overlaid pictures", name, SETS)
    sources = {each: _in_original_order(each, data_dir) for each in set(SETS[name])}
    if name == "mnist":
        return multi_mnist(sources["mnist"])
    left, right = (sources[each] for each in SETS[name])
    return {split: _varied(split, left, right) for split in _SPLITS}


def checksum(splits):
    """Returns sixteen letters that stand for the pictures and labels of a set.

    Example:
        >>> checksum({"test": (np.zeros((1, 2, 2, 1), "uint8"), {"left": np.zeros(1, "int32")})})
        'af5570f5a1810b7a'
    """
    found = hashlib.sha256()
    for pictures, labels in splits.values():
        for array in (pictures, *labels.values()):
            found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:16]


def multi_mnist(digits):
    """Returns MultiMNIST after Kurin et al.; the draws are those of NumPy's `seed(1)`.

    Args:
        digits: dict `"train"` and `"test"` -> (pictures, labels), uint8 `(n, 28, 28)` and `(n,)`,
            in the order of the original files: 60,000 and 10,000 rows.

    Returns:
        As `overlaid`.
    """
    draws = np.random.RandomState(1)
    splits = {}
    for split, (first, end) in _SPLITS.items():
        # Their code asks for as many numbers as `end` says, and uses the first ones.
        drawn = draws.randint(first, end, size=end)[: end - first]
        pictures, labels = _of_split(digits, split)
        corner = np.zeros((end - first, 2), int)
        whole = overlay(pictures[first:end], pictures[drawn], corner, corner + 6)
        labels = {"left": labels[first:end], "right": labels[drawn]}
        splits[split] = (whole[:, _KEPT][:, :, _KEPT, None], labels)
    return splits


def overlay(first, second, first_corners, second_corners):
    """Returns the pixel-wise maximum of pictures placed on canvases of 36 x 36.

    Args:
        first, second: uint8 arrays `(n, 28, 28)`.
        first_corners, second_corners: int arrays `(n, 2)`, row and column of their top left.

    Returns:
        uint8 array `(n, 36, 36)`.

    Example:
        >>> ones = np.ones((1, 28, 28), "uint8")
        >>> int(overlay(ones, 2 * ones, [(0, 0)], [(8, 8)]).sum())
        1952
    """
    canvas = np.zeros((len(first), _CANVAS, _CANVAS), np.uint8)
    for pictures, corners in ((first, first_corners), (second, second_corners)):
        for whole, picture, (y, x) in zip(canvas, pictures, corners):
            place = whole[y : y + _SIDE, x : x + _SIDE]
            np.maximum(place, picture, out=place)
    return canvas


def original_positions(split, rows):
    """Returns where TensorFlow Datasets put the rows of the files that a set was made from.

    It writes rows in the order of the MD5 of split and row number.

    Args:
        split: str, `"train"` or `"test"`.
        rows: int, number of rows.

    Returns:
        int array `(rows,)`: row i of the files is row `positions[i]` of the set.

    Example:
        >>> original_positions("train", 5).tolist()
        [1, 3, 4, 2, 0]
    """
    hashes = [hashlib.md5(f"{split}{row}".encode()).digest() for row in range(rows)]
    return np.argsort(np.argsort(np.array(hashes, "S16")))


def _in_original_order(name, data_dir):
    found = {}
    for split, rows in read(name, data_dir).splits.items():
        order = original_positions(split, len(rows))
        (labels,) = rows.labels.values()
        found[split] = (rows.inputs["image"][order][..., 0], labels[order])
    return found


def _of_split(source, split):
    """The pictures and labels that a split is cut from."""
    return source["test" if split == "test" else "train"]


def _varied(split, left, right):
    """One split of a Fashion variant."""
    first, end = _SPLITS[split]
    draws = np.random.default_rng([first, end])
    (a, a_labels), (b, b_labels) = (
        tuple(array[first:end] for array in _of_split(each, split)) for each in (left, right)
    )
    rows = draws.integers(len(b), size=len(a))
    # Classes of two different sets are never the same.
    while left is right and (same := b_labels[rows] == a_labels).any():
        rows[same] = draws.integers(len(b), size=same.sum())
    moved = draws.integers(0, 5, (2, len(a), 2))
    whole = overlay(a, b[rows], 4 - moved[0], 4 + moved[1])
    return whole[..., None], {"left": a_labels, "right": b_labels[rows]}
