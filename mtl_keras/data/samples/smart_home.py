"""Scenes of a home as three sensors see them: door or window, open or closed?

A wall with one door or window and, elsewhere, a cupboard or a picture that looks much the same. The
camera sees tones, the depth sensor distances, the thermal sensor what comes in from outside. Day
and night, summer and winter, places and sizes vary and tell nothing of the answer; panes are
transparent to the depth sensor half of the time. In one view of five the sensor has failed: the
view is all black, which no working sensor gives; each scene keeps at least one view.
"""

import numpy as np

SIZE = 64
VIEWS = ("camera", "depth", "thermal")
_FAILED = 0.2
_CHUNK = 500  # scenes drawn at once, so that the arrays stay small


def load():
    """Returns the scenes: 2,000 for training and 500 for testing, as many of each kind and state.

    Returns:
        A dict as `mtl_keras.data.samples.load` describes it, with a picture input for each of
        `VIEWS`, uint8 (rows, 64, 64, 1), in place of `image`, and two label columns: `label`, 0
        door, 1 window, and `state`, 0 closed, 1 open.

    Example:
        >>> inputs, labels = load()["test"]
        >>> list(inputs), inputs["depth"].shape, sorted(labels)
        (['camera', 'depth', 'thermal'], (500, 64, 64, 1), ['label', 'state'])
    """
    return {
        "train": _split(2000, seed=9),
        "test": _split(500, seed=10),
        "class_names": {"label": ["door", "window"], "state": ["closed", "open"]},
    }


def _split(rows, seed):
    rng = np.random.default_rng(seed)
    window, opened = np.divmod(rng.permutation(np.arange(rows, dtype="int32") % 4), 2)
    chunks = [slice(start, start + _CHUNK) for start in range(0, rows, _CHUNK)]
    drawn = [_draw(window[chunk], opened[chunk], rng) for chunk in chunks]
    views = {view: np.concatenate([part[view] for part in drawn]) for view in VIEWS}
    working = rng.random((rows, len(VIEWS))) >= _FAILED
    working[np.arange(rows), rng.integers(0, len(VIEWS), rows)] |= ~working.any(axis=1)
    for view, kept in zip(VIEWS, working.T):
        views[view][~kept] = 0
    return views, {"label": window, "state": opened}


def _draw(window, opened, rng):
    """Returns the scenes as every view shows them, before sensors fail."""
    window, opened = window.astype(bool), opened.astype(bool)
    scene = _Scene(window, opened, rng)
    views = {"camera": scene.tones(), "depth": scene.distances(), "thermal": scene.temperatures()}
    noise = {"camera": 0.06, "depth": 0.03, "thermal": 0.04}
    for view, picture in views.items():
        picture = picture + rng.normal(0, noise[view], picture.shape)
        views[view] = np.clip(np.rint(picture * 255), 1, 255).astype("uint8")[..., None]
    return views


class _Scene:
    """Where everything is in some scenes, as masks (rows, SIZE, SIZE), and how views show it."""

    def __init__(self, window, opened, rng):
        self.rows, self.rng = len(window), rng
        self.window, self.opened = _column(window), _column(opened)
        half = rng.integers(0, 2, self.rows)
        floor = rng.uniform(46, 62, self.rows)
        self.floor = self._within(0, SIZE, floor, SIZE)
        left, right, top, bottom = self._place(half, floor, standing=~window)
        self.hole = self._within(left, right, top, bottom)
        self.frame = self._within(left - 2, right + 2, top - 2, bottom + 2) & ~self.hole
        # The leaf of an open door or window is seen slantwise, at its hinges.
        wide = (right - left) * rng.uniform(0.25, 0.45, self.rows)
        hinge = np.where(rng.random(self.rows) < 0.5, left, right - wide)
        self.leaf = self._within(hinge, hinge + wide, top, bottom) & self.opened
        across, middle = (left + right) / 2, (top + bottom) / 2
        cross = self._within(across - 0.8, across + 0.8, 0, SIZE)
        cross |= self._within(0, SIZE, middle - 0.8, middle + 0.8)
        self.bars = cross & self.hole & ~self.leaf & ~self.opened
        standing = rng.random(self.rows) < 0.5
        self.thing = self._within(*self._place(1 - half, floor, standing))
        self.standing = _column(standing)

    def _place(self, half, floor, standing):
        """Returns left, right, top and bottom of something in one half of the wall."""
        rng = self.rng
        width = rng.uniform(12, 22, self.rows)
        height = np.where(standing, rng.uniform(26, 40, self.rows), rng.uniform(16, 30, self.rows))
        left = half * SIZE / 2 + rng.uniform(3, 29 - width)
        raised = np.minimum(rng.uniform(5, 16, self.rows), floor - height - 3)
        bottom = np.where(standing, floor, floor - raised)
        return left, left + width, bottom - height, bottom

    def _within(self, left, right, top, bottom):
        """Returns the mask of rectangles."""
        pixel = np.arange(SIZE) + 0.5
        bounds = (_column(np.broadcast_to(b, self.rows)) for b in (left, right, top, bottom))
        left, right, top, bottom = bounds
        columns = (pixel >= left) & (pixel < right)
        lines = (pixel[:, None] >= top) & (pixel[:, None] < bottom)
        return columns & lines

    def _any(self, low, high):
        """Returns a number of its own for each scene."""
        return _column(self.rng.uniform(low, high, self.rows)).astype("float32")

    def _plane(self, height):
        """Returns a slope over each picture, in a direction of its own."""
        x = np.linspace(-1, 1, SIZE, dtype="float32")
        return self._any(-height, height) * x + self._any(-height, height) * x[:, None]

    def tones(self):
        """What the camera sees: light or dark says nothing."""
        picture = self._any(0.2, 0.9) + self._plane(0.12)
        panel, outside = self._any(0.2, 0.9), self._any(0.1, 1.0)
        inside = np.where(self.opened | self.window, outside, panel)
        for mask, tone in (
            (self.floor, self._any(0.2, 0.9)),
            (self.thing, self._any(0.1, 1.0)),
            (self.frame, self._any(0.2, 0.9)),
            (self.hole, inside),
            (self.bars | self.leaf, panel),
        ):
            picture = np.where(mask, tone, picture)
        return picture

    def distances(self):
        """What the depth sensor sees: far is light, and half of the panes are not seen."""
        picture = self._any(0.35, 0.55) + self._plane(0.08)
        unseen = self.window & (self._any(0, 1) < 0.5)
        far = self.hole & ~self.bars & (self.opened | unseen)
        picture = picture + far * self._any(0.25, 0.4)
        picture = np.where(self.leaf, picture - self._any(0.35, 0.5), picture)
        nearer = self._any(0.0, 0.2) * self.standing
        return np.where(self.thing, picture - nearer, picture) - 0.1 * self.floor

    def temperatures(self):
        """What the thermal sensor sees: it is warmer or colder outside."""
        outside = self._any(0.15, 0.4) * np.where(self._any(-1, 1) < 0, -1, 1)
        passes = np.where(self.opened, 0.9, np.where(self.window, 0.55, 0.15))
        picture = self._any(0.45, 0.55) + self._plane(0.08)
        picture = picture + self.hole * outside * passes * self._any(0.7, 1.2)
        picture = picture + (self.frame * 0.3 - self.leaf * 0.4) * outside
        return picture + self.thing * self._any(-0.15, 0.15)


def _column(values):
    """Returns (rows,) as (rows, 1, 1)."""
    return np.asarray(values)[:, None, None]
