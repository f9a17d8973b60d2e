"""Digit pictures with a number word: does the word name the digit?

The pictures are those of `sample/digits`, each used several times, shifted and with a grain of its
own; the texts name a number in one of many wordings. In half of the pairs it is another number, all
others equally often. Picture and text are drawn independently but for that, so that neither alone
predicts the answer, and a linear model of both cannot: whether two things are the same is no sum.
"""

import numpy as np

from mtl_keras.data.samples import digits

# The first name is used half of the time.
_NAMES = [
    ["zero", "nought", "nil"],
    ["one", "ace", "unity"],
    ["two", "deuce", "twain"],
    ["three", "trey", "trio"],
    ["four", "quartet", "tetrad"],
    ["five", "quintet", "pentad"],
    ["six", "sextet", "hexad"],
    ["seven", "septet", "heptad"],
    ["eight", "octet", "octad"],
    ["nine", "nonet", "ennead"],
]
_WORDINGS = [
    "{name}",
    "the digit {name}",
    "number {name}",
    "this is {name}",
    "somebody wrote {name}",
    "I read {name} here",
    "it says {name} on the slip",
    "{name}, written by hand",
    "{name} in a hurry",
    "clearly {name}, is it not",
    "my pen made this {name}",
    "we think it means {name}",
]
_SHIFT = 3  # pixels, either way


def load():
    """Returns the pairs: 5,748 for training and 720 for testing, half of them true.

    Returns:
        A dict as `mtl_keras.data.samples.load` describes it: `image` uint8 (rows, 28, 28, 1),
        `text` the words, `label` 1 where they name the digit.

    Example:
        >>> inputs, labels = load()["test"]
        >>> inputs["image"].shape, inputs["text"].shape, float(labels["label"].mean())
        ((720, 28, 28, 1), (720,), 0.5)
    """
    pictures = digits.load()
    return {
        "train": draw_pairs(*pictures["train"], repeats=4, seed=5),
        "test": draw_pairs(*pictures["test"], repeats=2, seed=6),
        "class_names": {"label": ["no", "yes"]},
    }


def draw_pairs(inputs, labels, repeats, seed):
    """Uses each picture in so many pairs with a text, every other one true.

    Args:
        inputs: dict with `image`, uint8 array (n, height, width, 1).
        labels: dict with `label`, the digits, an int array (n,).
        repeats: int, even.
        seed: int.

    Returns:
        dict with `image` and `text`, str, of `repeats * n` rows; dict with `label`.

    Example:
        >>> digits = {"image": np.zeros((3, 28, 28, 1), "uint8")}, {"label": np.arange(3)}
        >>> _, labels = draw_pairs(*digits, repeats=2, seed=0)
        >>> labels["label"].tolist().count(1)
        3
    """
    rng = np.random.default_rng(seed)
    rows = rng.permutation(np.repeat(np.arange(len(labels["label"])), repeats // 2))
    shown = np.concatenate([labels["label"][rows], labels["label"][rows]])
    label = np.repeat(np.array([1, 0], "int32"), len(rows))
    said = np.where(label, shown, (shown + rng.integers(1, 10, len(shown))) % 10)
    image = vary(inputs["image"][np.concatenate([rows, rows])], rng)
    order = rng.permutation(len(label))
    text = np.array([_words(digit, rng) for digit in said], dtype=object)
    return {"image": image[order], "text": text[order]}, {"label": label[order]}


def vary(images, rng):
    """Shifts pictures on their black ground by up to three pixels and adds a grain.

    Args:
        images: uint8 array (rows, height, width, 1).
        rng: `numpy.random.Generator`.

    Returns:
        uint8 array of the same shape.

    Example:
        >>> vary(np.zeros((2, 28, 28, 1), "uint8"), np.random.default_rng(0)).shape
        (2, 28, 28, 1)
    """
    rows, height, width, _ = images.shape
    around = np.pad(images[..., 0], [(0, 0), (_SHIFT, _SHIFT), (_SHIFT, _SHIFT)])
    down, right = rng.integers(0, 2 * _SHIFT + 1, (2, rows, 1))
    lines, columns = down + np.arange(height), right + np.arange(width)
    moved = around[np.arange(rows)[:, None, None], lines[:, :, None], columns[:, None, :]]
    grain = rng.normal(0, 12, moved.shape)
    return np.clip(np.rint(moved + grain), 0, 255).astype("uint8")[..., None]


def _words(digit, rng):
    names = _NAMES[digit]
    name = names[0] if rng.random() < 0.5 else names[rng.integers(1, len(names))]
    return _WORDINGS[rng.integers(len(_WORDINGS))].format(name=name)
