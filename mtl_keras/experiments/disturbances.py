"""Pictures that are disturbed when a model is tested: noise, blur, occlusion, brightness."""

import tensorflow as tf

from mtl_keras.features import GaussianBlur

LEVELS = {
    "noise": (0.1, 0.2),
    "blur": (0.75, 1.5),
    "occlusion": (0.25, 0.5),
    "brightness": (-0.2, 0.2),
}
"""Disturbance -> its levels: the standard deviation of normal noise, the blur's in pixels per 28
pixels of height, the side of a black square as a part of the picture's, what is added."""


def disturb(batches, kind, level, seed=0):
    """Returns batches whose pictures are disturbed, the same ones at each pass.

    Pictures are the float inputs of four axes, in [0, 1]; pixels leave in [0, 1]. Rows that are
    absent, all NaN, stay so.

    Args:
        batches: `tf.data.Dataset` of (inputs, labels), dicts.
        kind: str, of `LEVELS`.
        level: float, how much.
        seed: int. Defaults to 0.

    Returns:
        A `tf.data.Dataset` of the same form.

    Example:
        >>> batches = tf.data.Dataset.from_tensors(({"x": tf.ones((2, 8, 8, 1))}, {}))
        >>> inputs, _ = next(iter(disturb(batches, "brightness", -0.25)))
        >>> float(tf.reduce_max(inputs["x"]))
        0.75
    """
    way = _WAYS[kind]

    @tf.autograph.experimental.do_not_convert
    def change(index, batch):
        inputs, *rest = batch
        key = tf.stack([tf.constant(seed, tf.int64), index])
        inputs = {
            name: tf.clip_by_value(way(x, level, key), 0.0, 1.0) if _is_picture(x) else x
            for name, x in inputs.items()
        }
        return (inputs, *rest)

    numbered = batches.enumerate()
    return numbered.map(change)


def _is_picture(x):
    return x.dtype.is_floating and len(x.shape) == 4


def _noise(x, level, key):
    return x + tf.random.stateless_normal(tf.shape(x), seed=key, stddev=level)


def _blur(x, level, key):
    return GaussianBlur(level * x.shape[1] / 28)(x)


def _occlude(x, level, key):
    """Covers a square at a place of its own in each picture."""
    height, width = x.shape[1:3]
    side = tf.cast(level * min(height, width), tf.int32)
    place = tf.random.stateless_uniform((tf.shape(x)[0], 2, 1), seed=key)
    free = tf.cast([height - side, width - side], tf.float32)[:, None]
    first = tf.cast(place * (free + 1), tf.int32)
    rows, columns = (
        (tf.range(size) >= first[:, axis]) & (tf.range(size) < first[:, axis] + side)
        for axis, size in enumerate((height, width))
    )
    return tf.where((rows[:, :, None] & columns[:, None, :])[..., None], 0.0 * x, x)


def _brighten(x, level, key):
    return x + level


_WAYS = {"noise": _noise, "blur": _blur, "occlusion": _occlude, "brightness": _brighten}
