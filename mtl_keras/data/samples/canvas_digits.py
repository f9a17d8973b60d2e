"""Digits on a larger canvas, with the box around each: which digit is it, and where?

Each canvas shows one whole digit of `sample/digits`, of any size and at any place, among scraps of
other digits and a grain. The scraps have as much ink as the digit, so that neither the place nor
the digit is a sum over the pixels.
"""

import numpy as np

from mtl_keras.data.samples import digits

SIZE = 64
"""Height and width of the canvas in pixels."""

SIDES = ("top", "left", "bottom", "right")
"""Label columns of the box, in pixels; the last row and column of ink are `bottom - 1`,
`right - 1`."""

_SMALLEST, _LARGEST = 16, 32
_SCRAPS, _SCRAP = 7, 8  # how many, and their height and width


def load():
    """Returns the canvases: 4,000 for training and 1,000 for testing.

    Returns:
        A dict as `mtl_keras.data.samples.load` describes it: `image` uint8 (rows, 64, 64, 1),
        `label` the digit, and the box as four more label columns, `SIDES`, in whole pixels.

    Example:
        >>> inputs, labels = load()["test"]
        >>> inputs["image"].shape, sorted(labels)
        ((1000, 64, 64, 1), ['bottom', 'label', 'left', 'right', 'top'])
    """
    pictures = digits.load()
    pixels = [str(pixel) for pixel in range(SIZE + 1)]
    return {
        "train": _split(*pictures["train"], rows=4000, seed=7),
        "test": _split(*pictures["test"], rows=1000, seed=8),
        "class_names": {"label": [str(digit) for digit in range(10)]}
        | {side: pixels[:] for side in SIDES},
    }


def _split(inputs, labels, rows, seed):
    rng = np.random.default_rng(seed)
    ink = inputs["image"][..., 0].astype("float32")
    chosen = np.resize(rng.permutation(len(ink)), rows)
    canvas = np.abs(rng.normal(0, 10, (rows, SIZE, SIZE))).astype("float32")
    _scatter_scraps(canvas, ink, rng)
    size = rng.integers(_SMALLEST, _LARGEST + 1, rows)
    place = rng.integers(0, SIZE - size + 1, (2, rows))
    box = np.empty((4, rows), "int32")
    for row, (index, side, top, left) in enumerate(zip(chosen, size, *place)):
        digit = _resized(ink[index], side)
        part = canvas[row, top : top + side, left : left + side]
        # Nothing but the digit within the middle of its square.
        np.maximum(np.where(digit > 0, 0, part), digit, out=part)
        seen_rows, seen_columns = (np.flatnonzero((digit > 64).any(axis)) for axis in (1, 0))
        box[:, row] = (
            top + seen_rows[0],
            left + seen_columns[0],
            top + seen_rows[-1] + 1,
            left + seen_columns[-1] + 1,
        )
    image = np.clip(np.rint(canvas), 0, 255).astype("uint8")[..., None]
    return {"image": image}, {"label": labels["label"][chosen], **dict(zip(SIDES, box))}


def _scatter_scraps(canvas, ink, rng):
    """Paints pieces of other digits over the canvases."""
    rows = len(canvas)
    for _ in range(_SCRAPS):
        source = rng.integers(0, len(ink), rows)
        # From the middle of the pictures, where ink is.
        cut_down, cut_right = rng.integers(6, ink.shape[1] - 6 - _SCRAP, (2, rows))
        down, right = rng.integers(0, SIZE - _SCRAP + 1, (2, rows))
        for row in range(rows):
            y, x, top, left = cut_down[row], cut_right[row], down[row], right[row]
            part = canvas[row, top : top + _SCRAP, left : left + _SCRAP]
            np.maximum(part, ink[source[row], y : y + _SCRAP, x : x + _SCRAP], out=part)


def _resized(picture, side):
    """Returns a square picture at another size, bilinear between the middles of its pixels."""
    old = len(picture)
    places = np.clip((np.arange(side) + 0.5) * old / side - 0.5, 0, old - 1)
    first = np.minimum(places.astype(int), old - 2)
    part = (places - first).astype("float32")
    down = picture[first] * (1 - part)[:, None] + picture[first + 1] * part[:, None]
    return down[:, first] * (1 - part) + down[:, first + 1] * part
