"""Drawn colour pictures of ten shapes, made from a seed when they are loaded.

Each picture shows one bright shape on a darker background of two colours that run into each
other, with a grain, strokes and dots. Position, size, rotation, proportions, colours, brightness
and noise vary at random, and none of them depends on the shape: a linear model stays near one
right answer in four, a small convolutional network gets nearly all.
"""

import numpy as np

SIZE = 32
SHAPES = [
    "circle",
    "square",
    "triangle",
    "star",
    "cross",
    "ring",
    "heart",
    "arrow",
    "moon",
    "house",
]
# In between, arrays are (rows, channels, lines, columns): a short last axis makes NumPy slow.
_CHUNK = 250  # pictures drawn at once, so that the arrays stay in the processor's cache


def load():
    """Returns the drawings: 4,000 training and 1,000 test pictures, as many of each shape.

    Returns:
        A dict as `mtl_keras.data.samples.load` describes it: `image` uint8 (rows, 32, 32, 3),
        `label` an index into `SHAPES`.

    Example:
        >>> inputs, labels = load()["test"]
        >>> inputs["image"].shape, labels["label"][:3].shape
        ((1000, 32, 32, 3), (3,))
    """
    return {
        "train": _split(4000, seed=1),
        "test": _split(1000, seed=2),
        "class_names": {"label": SHAPES[:]},
    }


def _split(rows, seed):
    rng = np.random.default_rng(seed)
    shapes = rng.permutation(np.arange(rows, dtype="int32") % len(SHAPES))
    return {"image": draw(shapes, bright_colours(rows, rng), rng)}, {"label": shapes}


def draw(shapes, colours, rng):
    """Draws one picture for each shape.

    Args:
        shapes: int array (rows,), indices into `SHAPES`.
        colours: float array (rows, 3), red, green and blue of the shapes in [0, 1].
        rng: `numpy.random.Generator` of everything else that varies.

    Returns:
        uint8 array (rows, 32, 32, 3).

    Example:
        >>> rng = np.random.default_rng(0)
        >>> draw(np.array([3]), np.array([[1.0, 0.8, 0.0]]), rng).shape
        (1, 32, 32, 3)
    """
    chunks = range(0, len(shapes), _CHUNK)
    drawn = [_draw(shapes[i : i + _CHUNK], colours[i : i + _CHUNK], rng) for i in chunks]
    return np.concatenate(drawn)


def bright_colours(rows, rng):
    """Returns light colours of any hue, from pale to full.

    Args:
        rows: int, how many.
        rng: `numpy.random.Generator`.

    Returns:
        float array (rows, 3): red, green and blue in [0, 1].

    Example:
        >>> bright_colours(5, np.random.default_rng(0)).shape
        (5, 3)
    """
    return rgb(rng.random(rows), rng.uniform(0.15, 1.0, rows), rng.uniform(0.75, 1.0, rows))


def rgb(hue, saturation, value):
    """Returns red, green and blue of colours given by hue, saturation and value.

    Args:
        hue: float array (rows,), 0 red, 1/3 green, 2/3 blue, 1 red again.
        saturation: float array (rows,) in [0, 1].
        value: float array (rows,) in [0, 1].

    Returns:
        float array (rows, 3) in [0, 1].

    Example:
        >>> rgb(np.array([1 / 3]), np.array([1.0]), np.array([0.5])).tolist()
        [[0.0, 0.5, 0.0]]
    """
    turned = hue[:, None] * 6 + np.array([0.0, 4.0, 2.0])
    full = np.clip(np.abs(turned % 6 - 3) - 1, 0, 1)
    return value[:, None] * (1 + saturation[:, None] * (full - 1))


def _draw(shapes, colours, rng):
    rows = len(shapes)
    canvas = _background(_ground_colours(colours, rng), rng)
    x, y, scale = _placed_grid(rows, rng)
    distance = np.empty_like(x)
    for index, name in enumerate(SHAPES):
        chosen = shapes == index
        distance[chosen] = _DISTANCES[name](x[chosen], y[chosen])
    shade = _scalars(colours)[0] * (1 + _ramp(rows, 0.15, rng))
    canvas = _blend(canvas, shade, distance * scale)
    noise = rng.standard_normal((rows, SIZE, SIZE, 3), dtype="float32")
    brightness, strength = _scalars(rng.uniform(0.75, 1.1, rows), rng.uniform(0.01, 0.06, rows))
    canvas = canvas * brightness + noise.transpose(0, 3, 1, 2) * strength
    canvas = np.rint(np.clip(canvas, 0, 1) * 255).astype("uint8")
    return np.ascontiguousarray(canvas.transpose(0, 2, 3, 1))


def _scalars(*values):
    """Returns arrays (rows,) or (rows, 3) as float32 that broadcast over lines and columns."""
    return [v.astype("float32").reshape(len(v), -1, 1, 1) for v in values]


def _pixels():
    """Returns x and y of the pixels, from the middle, as (SIZE,) and (SIZE, 1)."""
    middle = np.arange(SIZE, dtype="float32") - (SIZE - 1) / 2
    return middle, middle[:, None]


def _blend(canvas, colour, distance):
    """Paints `colour` where `distance` (pixels, negative inside) is below 0, with soft edges."""
    return canvas + np.clip(0.5 - distance, 0, 1) * (colour - canvas)


def _ramp(rows, height, rng):
    """Returns planes that rise from -height to height in directions drawn at random."""
    angle = rng.uniform(-np.pi, np.pi, rows)
    cos, sin = _scalars(np.cos(angle), np.sin(angle))
    x, y = _pixels()
    return np.clip((cos * x + sin * y) * (height / (SIZE / 2)), -height, height)


def _placed_grid(rows, rng):
    """Returns x, y of the pixels in coordinates of the shapes, and pixels per unit there."""
    radius = rng.uniform(6.5, 12.0, rows)
    shift = rng.uniform(-1, 1, (2, rows)) * (SIZE / 2 - radius)
    angle = rng.uniform(-np.pi / 4, np.pi / 4, rows)
    narrow = rng.uniform(0.85, 1.0, rows)
    cos, sin = _scalars(np.cos(angle) / radius, np.sin(angle) / radius)
    shift_x, shift_y, narrow, radius = _scalars(*shift, narrow, radius)
    x, y = _pixels()
    x, y = x - shift_x, y - shift_y
    return cos * x + sin * y, (cos * y - sin * x) / narrow, radius * narrow


def _ground_colours(colours, rng, apart=0.6, candidates=8):
    """Returns two dark colours (rows, 2, 3) for each given one, drawn until clearly different."""
    many = len(colours) * 2 * candidates
    drawn = rgb(rng.random(many), rng.uniform(0.2, 1.0, many), rng.uniform(0.1, 0.5, many))
    drawn = drawn.reshape(-1, 2, candidates, 3)
    gap = np.abs(drawn - colours[:, None, None]).sum(-1)
    best = np.minimum(gap, apart).argmax(-1)  # the first that is far enough, else the farthest
    return np.take_along_axis(drawn, best[..., None, None], 2)[:, :, 0]


def _background(pair, rng, strokes=5):
    """Returns pictures of two colours that run into each other, with grain, strokes and dots."""
    rows = len(pair)
    first, second = _scalars(pair[:, 0], pair[:, 1])
    canvas = first + (0.5 + _ramp(rows, 0.5, rng)) * (second - first) + _grain(rows, rng)
    x, y = _pixels()
    for _ in range(strokes):
        start, along = rng.uniform(-16, 16, (2, rows)), rng.uniform(-9, 9, (2, rows))
        along *= rng.random(rows) < 0.6  # the others are dots
        colour = pair.mean(1) + rng.uniform(-0.35, 0.35, (rows, 3))
        dx, dy, half, colour = _scalars(*along, rng.uniform(0.4, 1.2, rows), colour)
        start_x, start_y = _scalars(*start)
        px, py = x - start_x, y - start_y
        t = np.clip((px * dx + py * dy) / np.maximum(dx * dx + dy * dy, 1e-6), 0, 1)
        canvas = _blend(canvas, colour, _length(px - t * dx, py - t * dy) - half)
    return canvas


def _grain(rows, rng, cell=4):
    """Returns smooth random light and dark, linear between points `cell` pixels apart."""
    grain = rng.uniform(-0.12, 0.12, (rows, 1, SIZE // cell + 1, SIZE // cell + 1))
    grain = grain.astype("float32")
    index, t = np.divmod(np.arange(SIZE, dtype="float32"), cell)
    index, t = index.astype(int), t / cell
    grain = grain[..., index] * (1 - t) + grain[..., index + 1] * t
    t = t[:, None]
    return grain[:, :, index] * (1 - t) + grain[:, :, index + 1] * t


def _length(x, y):
    return np.sqrt(x * x + y * y)


def _polygon(*corners):
    """Returns the signed distance to the polygon with these corners, negative inside."""

    def distance(x, y):
        nearest, inside = np.full_like(x, np.inf), np.zeros(x.shape, bool)
        for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
            dx, dy, px, py = bx - ax, by - ay, x - ax, y - ay
            t = np.clip((px * dx + py * dy) / (dx * dx + dy * dy), 0, 1)
            nearest = np.minimum(nearest, (px - t * dx) ** 2 + (py - t * dy) ** 2)
            if dy:
                inside ^= ((y >= ay) != (y >= by)) & (px < py * (dx / dy))
        return np.where(inside, -1, 1) * np.sqrt(nearest)

    return distance


def _around(*radii):
    """Returns corners at equal angles, clockwise from the top, at these distances."""
    angles = 2 * np.pi * np.arange(len(radii)) / len(radii)
    corners = np.stack([np.sin(angles), -np.cos(angles)], 1) * np.array(radii)[:, None]
    return [tuple(corner) for corner in corners.tolist()]


def _heart():
    """Returns corners on the usual heart curve, brought to the unit circle."""
    t = 2 * np.pi * np.arange(24) / 24
    x = 16 * np.sin(t) ** 3
    y = 2.5 + 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return list(zip((x / 17).tolist(), (-y / 17).tolist(), strict=True))


def _mirrored(*right):
    """Returns the corners, given from top to bottom, and the same ones on the left."""
    return [*right, *((-x, y) for x, y in reversed(right) if x)]


# Units are half the size of the shape; y grows downwards, as the rows of a picture do.
_DISTANCES = {
    "circle": lambda x, y: _length(x, y) - 0.88,
    "square": _polygon(*_mirrored((0.76, -0.76), (0.76, 0.76))),
    "triangle": _polygon(*_around(1.05, 1.05, 1.05)),
    "star": _polygon(*_around(*[1.08, 0.45] * 5)),
    "cross": _polygon(
        *_mirrored((0.32, -1), (0.32, -0.32), (1, -0.32), (1, 0.32), (0.32, 0.32), (0.32, 1))
    ),
    "ring": lambda x, y: np.abs(_length(x, y) - 0.74) - 0.2,
    "heart": _polygon(*_heart()),
    "arrow": _polygon(*_mirrored((0, -1.05), (0.75, -0.15), (0.27, -0.15), (0.27, 1))),
    "moon": lambda x, y: np.maximum(_length(x, y) - 0.95, 0.8 - _length(x - 0.5, y)),
    "house": _polygon(*_mirrored((0, -1), (0.95, -0.1), (0.65, -0.1), (0.65, 0.85))),
}
