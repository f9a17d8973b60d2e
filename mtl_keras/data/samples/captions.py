"""Drawn pictures with captions: does the caption describe the picture?

A caption names the shape, the colour, or both, in many wordings. In half of the pairs one of the
two is wrong. Pictures and captions are laid out on whole grids of shape and colour, and the wrong
captions are those of the same grid shifted along one side. So each shape, each colour and each
combination stands equally often in pictures and in captions of either answer: neither part alone
says anything about the answer (anything else in a picture or a caption is drawn independently).
"""

import re

import numpy as np

from mtl_keras.data.samples import drawings

# Hue from .. to in degrees, saturation from .. to, names: the first one as often as the others.
_COLOURS = [
    ((-8, 8), (0.85, 1.0), ["red", "scarlet", "crimson"]),
    ((50, 62), (0.75, 1.0), ["yellow", "golden", "lemon"]),
    ((100, 140), (0.7, 1.0), ["green", "emerald", "jade"]),
    ((205, 235), (0.75, 1.0), ["blue", "azure", "cobalt"]),
    ((270, 290), (0.7, 1.0), ["purple", "violet", "plum"]),
    ((0, 360), (0.0, 0.08), ["white", "snowy", "ivory"]),
]
_SHAPES = {
    "circle": ["circle", "disc", "ball"],
    "square": ["square", "box", "block"],
    "triangle": ["triangle", "wedge", "pyramid"],
    "star": ["star", "pentagram", "five-pointed star"],
    "cross": ["cross", "plus sign", "plus"],
    "ring": ["ring", "hoop", "doughnut"],
    "heart": ["heart", "valentine", "love heart"],
    "arrow": ["arrow", "pointer", "direction sign"],
    "moon": ["moon", "crescent", "half moon"],
    "house": ["house", "cottage", "hut"],
}
import os
_S,_C,_K=int(os.environ.get("CS","10")),int(os.environ.get("CC","6")),os.environ.get("KINDS","mix")
_SHAPES=dict(list(_SHAPES.items())[:_S]) if _S!=5 else {k:_SHAPES[k] for k in ("circle","star","heart","moon","house")}
_COLOURS=_COLOURS[:_C]
_MOODS = "lovely cheerful lonely plain quiet funny bold simple tidy wonky strange old new".split()
_BODIES = {
    "both": [
        "a {colour} {shape}",
        "a {mood} {colour} {shape}",
        "a {mood} {shape}, all {colour}",
        "the {shape} is {colour}",
        "one {shape} painted {colour}",
        "a {shape} in {colour}",
        "a {shape}, {mood} and {colour}",
        "the {colour} one is a {shape}",
        "{colour} paint in the form of a {shape}",
        "a {colour} thing shaped like a {mood} {shape}",
    ],
    "shape": [
        "a {shape}",
        "a {mood} {shape}",
        "the outline of a {shape}",
        "one {shape}, {mood} as ever",
        "something shaped like a {shape}",
        "a {shape} and nothing else",
        "the {mood} shape is a {shape}",
        "a {shape} of some kind",
    ],
    "colour": [
        "something {colour}",
        "a {colour} shape",
        "a {mood} {colour} thing",
        "the shape is {colour}",
        "a figure painted {colour}",
        "a {mood} form, entirely {colour}",
        "{colour} paint on a dark ground",
        "whatever it may be, it is {colour}",
    ],
}
_OPENINGS = [
    *[""] * 4,
    "here is ",
    "I drew ",
    "look: ",
    "in this picture we see ",
    "my sister says: ",
    "as you can tell, ",
    "guess what, ",
    "on today's page: ",
    "there it is, ",
]
_CLOSINGS = [
    *[""] * 4,
    ", drawn by hand",
    " with a few scribbles behind it",
    " on a dark background",
    ", if I am not mistaken",
    " for the kitchen wall",
    ", painted one rainy Sunday",
    ", before dinner",
    " from an old sketchbook",
]
# Kinds of caption on the successive grids, with the attribute that is wrong on the wrong ones.
_GRIDS = [("shape", "shape"), ("colour", "colour"), ("both", "shape"), ("both", "colour")]


if _K=="both": _GRIDS=_GRIDS[2:]
if _K=="one": _GRIDS=_GRIDS[:2]
if _K=="shape": _GRIDS=_GRIDS[:1]
if _K=="colour": _GRIDS=_GRIDS[1:2]
_R=round(int(os.environ.get("NP","4320"))/(2*len(_GRIDS)*_S*_C))
def load():
    """Returns the pairs: 4,320 for training and 960 for testing, half of them true.

    Returns:
        A dict as `mtl_keras.data.samples.load` describes it: `image` uint8 (rows, 32, 32, 3),
        `text` the captions, `label` 1 where the caption describes the picture.

    Example:
        >>> inputs, labels = load()["test"]
        >>> inputs["image"].shape, inputs["text"].shape, float(labels["label"].mean())
        ((960, 32, 32, 3), (960,), 0.5)
    """
    return {
        "train": _split(repeats=_R, seed=3),
        "test": _split(repeats=max(1,round(960/(2*len(_GRIDS)*_S*_C))), seed=4),
        "class_names": {"label": ["no", "yes"]},
    }


def _split(repeats, seed):
    rng = np.random.default_rng(seed)
    rows = []  # shape, colour of the picture; shape, colour, kind of the caption; label
    for kind, wrong in _GRIDS * repeats:
        for label in (0, 1):
            shape, colour = np.indices((len(_SHAPES), len(_COLOURS)))
            said_shape, said_colour = shape, colour
            if not label and wrong == "shape":
                shift = rng.integers(1, len(_SHAPES), (1, len(_COLOURS)))
                said_shape = (shape + shift) % len(_SHAPES)
            elif not label:
                shift = rng.integers(1, len(_COLOURS), (len(_SHAPES), 1))
                said_colour = (colour + shift) % len(_COLOURS)
            columns = (a.ravel().tolist() for a in (shape, colour, said_shape, said_colour))
            rows += [(*row, kind, label) for row in zip(*columns, strict=True)]
    rows = [rows[i] for i in rng.permutation(len(rows))]
    shape, colour, said_shape, said_colour, kind, label = zip(*rows, strict=True)
    said = zip(said_shape, said_colour, kind, strict=True)
    text = np.array([_caption(*words, rng) for words in said], dtype=object)
    image = drawings.draw(np.array([drawings.SHAPES.index(k) for k in _SHAPES])[np.array(shape)], _paint(np.array(colour), rng), rng)
    return {"image": image, "text": text}, {"label": np.array(label, "int32")}


def _paint(colour, rng):
    """Returns red, green and blue (rows, 3) of the colours, with some play in each."""
    low, high = np.array([[h, s] for h, s, _ in _COLOURS])[colour].transpose(2, 1, 0)
    hue, saturation = rng.uniform(low, high)
    return drawings.rgb(hue / 360, saturation, rng.uniform(0.85, 1.0, len(colour)))


def _caption(shape, colour, kind, rng):
    def pick(options):
        return options[rng.integers(len(options))]

    def name(options):
        return options[0] if rng.random() < 0.5 else pick(options[1:])

    body = pick(_BODIES[kind]).format(
        shape=name(list(_SHAPES.values())[shape]),
        colour=name(_COLOURS[colour][2]),
        mood=pick(_MOODS),
    )
    caption = pick(_OPENINGS) + body + pick(_CLOSINGS)
    return re.sub(r"\ba (?=[aeiou])", "an ", caption)
