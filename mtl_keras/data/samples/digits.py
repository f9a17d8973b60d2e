"""Handwritten digits of thirteen people, the set that scikit-learn bundles.

`digits.npz` holds the 1,797 pictures and labels of `sklearn.datasets.load_digits()`, so that
scikit-learn is not needed: 8x8 counts of ink, 0 to 16. They are the test part of E. Alpaydin and
C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998,
https://doi.org/10.24432/C50P49, licensed CC BY 4.0; here they are enlarged and split anew.
"""

from pathlib import Path

import numpy as np

SIZE = 28
_TEST_ROWS_PER_DIGIT = 36


def load():
    """Returns the digits at the size of MNIST: 1,437 training and 360 test pictures.

    The split is fixed, and stratified: 36 pictures of each digit are for testing. The same
    writers are in both parts.

    Returns:
        A dict as `mtl_keras.data.samples.load` describes it: `image` uint8 (rows, 28, 28, 1),
        `label` the digit.

    Example:
        >>> inputs, labels = load()["test"]
        >>> inputs["image"].shape, labels["label"].shape
        ((360, 28, 28, 1), (360,))
    """
    with np.load(Path(__file__).with_suffix(".npz")) as file:
        images, labels = enlarge(file["images"])[..., None], file["labels"].astype("int32")
    rng = np.random.default_rng(0)
    order = rng.permutation(len(labels))
    by_digit = [order[labels[order] == digit] for digit in range(10)]
    rows = {
        "train": rng.permutation(np.concatenate([r[_TEST_ROWS_PER_DIGIT:] for r in by_digit])),
        "test": rng.permutation(np.concatenate([r[:_TEST_ROWS_PER_DIGIT] for r in by_digit])),
    }
    return {
        **{part: ({"image": images[r]}, {"label": labels[r]}) for part, r in rows.items()},
        "class_names": {"label": [str(digit) for digit in range(10)]},
    }


def enlarge(images):
    """Enlarges the 8x8 pictures to 28x28 by bilinear interpolation, from 0..16 to 0..255.

    All weights are multiples of 1/14, so the result is exact in whole numbers.

    Args:
        images: uint8 array (rows, 8, 8), values 0 to 16.

    Returns:
        uint8 array (rows, 28, 28).

    Example:
        >>> int(enlarge(np.full((1, 8, 8), 16, "uint8")).min())
        255
    """
    places = np.clip(4 * np.arange(SIZE) - 5, 0, 14 * 7)  # of the new pixels, in 1/14 of an old one
    weights = np.maximum(14 - np.abs(places[:, None] - 14 * np.arange(8)), 0)
    ink = weights @ images.astype(int) @ weights.T
    full = 16 * 14 * 14
    return ((ink * 255 + full // 2) // full).astype("uint8")
