"""Drawn pictures with captions: does the caption describe the picture?

A caption names a shape and a colour in one of many wordings; in half of the pairs one of the two is
wrong. Pictures are laid out on whole grids of shape and colour, and the captions of the wrong pairs
on the same grid shifted along one side. So each combination stands equally often in the pictures
and in the captions of either answer, and everything else is drawn independently of the answer:
neither part alone predicts it.
"""

import re

import numpy as np

from mtl_keras.data.samples import drawings

# The first name is used half of the time.
_SHAPES = {
    "circle": ["circle", "disc", "ball"],
    "triangle": ["triangle", "wedge", "pyramid"],
    "star": ["star", "pentagram", "five-pointed star"],
    "heart": ["heart", "valentine", "love heart"],
    "moon": ["moon", "crescent", "half moon"],
    "house": ["house", "cottage", "hut"],
}
# Hue in degrees and saturation, each from .. to, then the names.
_COLOURS = [
    ((-8, 8), (0.85, 1.0), ["red", "scarlet", "crimson"]),
    ((50, 62), (0.75, 1.0), ["yellow", "golden", "lemon"]),
    ((100, 140), (0.7, 1.0), ["green", "emerald", "jade"]),
    ((205, 235), (0.75, 1.0), ["blue", "azure", "cobalt"]),
    ((265, 282), (0.7, 1.0), ["purple", "violet", "plum"]),
    ((0, 360), (0.0, 0.08), ["white", "snowy", "ivory"]),
]
_MOODS = [
    "lovely",
    "cheerful",
    "lonely",
    "plain",
    "quiet",
    "funny",
    "bold",
    "simple",
    "wonky",
    "old",
]
_BODIES = [
    "a {colour} {shape}",
    "a {mood} {colour} {shape}",
    "a {mood} {shape}, all {colour}",
    "a {shape} in {colour}",
    "a {shape}, {mood} and {colour}",
    "a {colour} thing shaped like a {mood} {shape}",
    "one {shape} painted {colour}",
    "the {shape} is {colour}",
    "the {colour} one is a {shape}",
    "{colour} paint in the form of a {shape}",
    "here is a {mood} {colour} {shape}",
    "this shows a {shape} that is {colour}",
    "somebody drew a {colour} {shape}",
    "we see {colour} in the outline of a {shape}",
]
_OPENINGS = [
    *[""] * 4,
    "look: ",
    "my sister says: ",
    "on today's page: ",
    "as you can tell, ",
    "guess what, ",
    "to my eye, ",
    "no doubt about it, ",
]
_CLOSINGS = [
    *[""] * 4,
    ", drawn by hand",
    " with a few scribbles behind it",
    " on a dark background",
    ", if I am not mistaken",
    " for the kitchen wall",
    ", made one rainy Sunday",
    ", before dinner",
    " from an old sketchbook",
]


def load():
    """Returns the pairs: 6,480 for training and 1,008 for testing, half of them true.

    Returns:
        A dict as `mtl_keras.data.samples.load` describes it: `image` uint8 (rows, 32, 32, 3),
        `text` the captions, `label` 1 where the caption describes the picture.

    Example:
        >>> inputs, labels = load()["test"]
        >>> inputs["image"].shape, inputs["text"].shape, float(labels["label"].mean())
        ((1008, 32, 32, 3), (1008,), 0.5)
    """
    return {
        "train": draw_pairs(grids=90, seed=3),
        "test": draw_pairs(grids=14, seed=4),
        "class_names": {"label": ["no", "yes"]},
    }


def draw_pairs(grids, seed):
    """Draws pictures and captions that fit, and as many that do not.

    Args:
        grids: int, how often each combination of shape and colour comes, true and false.
        seed: int.

    Returns:
        dict with `image`, uint8 (rows, 32, 32, 3), and `text`, str (rows,); dict with `label`.

    Example:
        >>> inputs, labels = draw_pairs(grids=1, seed=0)
        >>> float(labels["label"].mean())
        0.5
    """
    rng = np.random.default_rng(seed)
    shape, colour, said_shape, said_colour, label = rng.permutation(_pairs(grids, rng), axis=1)
    said = zip(said_shape, said_colour, strict=True)
    text = np.array([_caption(*words, rng) for words in said], dtype=object)
    drawn = np.array([drawings.SHAPES.index(name) for name in _SHAPES])[shape]
    image = drawings.draw(drawn, _paint(colour, rng), rng)
    return {"image": image, "text": text}, {"label": label.astype("int32")}


def _pairs(grids, rng):
    """Returns int (5, rows): shape, colour, the named shape and colour, and the label.

    Each grid holds all combinations once, in pairs that fit and in pairs that do not; the wrong
    name is the shape's in one grid and the colour's in the next.
    """
    shape, colour = np.indices((len(_SHAPES), len(_COLOURS)))
    true = np.stack([shape, colour, shape, colour, np.ones_like(shape)])
    pairs = []
    for grid in range(grids):
        false = true.copy()
        false[4] = 0
        if grid % 2:
            shift = rng.integers(1, len(_COLOURS), (len(_SHAPES), 1))
            false[3] = (colour + shift) % len(_COLOURS)
        else:
            shift = rng.integers(1, len(_SHAPES), (1, len(_COLOURS)))
            false[2] = (shape + shift) % len(_SHAPES)
        pairs += [true.reshape(5, -1), false.reshape(5, -1)]
    return np.concatenate(pairs, axis=1)


def _paint(colour, rng):
    """Returns red, green and blue (rows, 3) of the colours, with some play in each."""
    bounds = np.array([(hue, saturation) for hue, saturation, _ in _COLOURS])[colour]
    hue, saturation = rng.uniform(bounds[..., 0], bounds[..., 1]).T
    return drawings.rgb(hue / 360, saturation, rng.uniform(0.85, 1.0, len(colour)))


def _caption(shape, colour, rng):
    def pick(options):
        return options[rng.integers(len(options))]

    def name(options):
        return options[0] if rng.random() < 0.5 else pick(options[1:])

    shape_names, colour_names = list(_SHAPES.values())[shape], _COLOURS[colour][2]
    body = pick(_BODIES).format(
        shape=name(shape_names), colour=name(colour_names), mood=pick(_MOODS)
    )
    return re.sub(r"\ba (?=[aeiou])", "an ", pick(_OPENINGS) + body + pick(_CLOSINGS))
