"""Pictures: read once to uint8, augmented in whole batches, scaled to [0, 1]."""

import concurrent.futures
import dataclasses
import math
import os

import keras
import numpy as np
import tensorflow as tf

SCALE = 1 / 255  # As `Rescaling` multiplies, so that pipeline and export agree to the bit.


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Varies training pictures at random: shift, mirror, turn, lighten.

    Every picture is cropped at random from itself padded by reflection, mirrored left to right
    with probability 1/2, turned about its centre and multiplied by a brightness. The random
    numbers are given from outside, so that they can be a function of (seed, epoch, place in the
    epoch) alone. Shift and mirror are one gather for the whole batch. Dense targets are moved
    with their pictures by `move`.

    Args:
        crop: int, number of pixels by which a picture is shifted at most in each direction, less
            than its height and width. Defaults to 0.
        flip: bool, whether to mirror left to right. Defaults to `False`; wrong for digits.
        rotation: float, largest angle in degrees, either way. Defaults to 0.
        brightness: float in [0, 1], the factor is uniform in `1 - brightness` to
            `1 + brightness`. Defaults to 0.

    Example:
        >>> augment = Augmentation(crop=4, flip=True)
        >>> noise = tf.random.stateless_uniform((2, augment.draws), seed=(0, 1))
        >>> pictures = augment(tf.zeros((2, 32, 32, 3), tf.uint8), noise)
        >>> pictures.shape, pictures.dtype.name
        (TensorShape([2, 32, 32, 3]), 'float32')
    """

    crop: int = 0
    flip: bool = False
    rotation: float = 0.0
    brightness: float = 0.0

    draws = 5  # Random numbers for a picture: down, right, mirror, angle, brightness.

    def __post_init__(self):
        if self.crop < 0 or self.crop != int(self.crop):
            raise ValueError(
                f"Argument `crop` must be a whole number of pixels >= 0. Received: crop={self.crop}"
            )
        if self.rotation < 0:
            raise ValueError(
                f"Argument `rotation` must be >= 0 degrees. Received: rotation={self.rotation}"
            )
        if not 0 <= self.brightness <= 1:
            raise ValueError(
                "Argument `brightness` must be between 0 and 1. "
                f"Received: brightness={self.brightness}"
            )

    def __call__(self, pictures, noise):
        """Returns the varied pictures.

        Args:
            pictures: uint8 tensor `(batch, height, width, channels)`.
            noise: float32 tensor `(batch, 5)`, uniform in [0, 1).

        Returns:
            float32 tensor of the same shape, in [0, 1].

        Raises:
            ValueError: if `crop` is not less than the height and the width.
        """
        if self.crop or self.flip:
            pictures = self._shift_and_mirror(pictures, noise)
        pictures = scale(pictures)
        if self.rotation:
            pictures = _turn(pictures, self._angles(noise), "BILINEAR")
        if self.brightness:
            factor = 1 + (2 * noise[:, 4] - 1) * self.brightness
            pictures = tf.clip_by_value(pictures * factor[:, None, None, None], 0.0, 1.0)
        return pictures

    @property
    def moves(self):
        """Whether pixels change their places, so that dense targets must move with them."""
        return bool(self.crop or self.flip or self.rotation)

    def move(self, targets, noise):
        """Returns dense targets moved as their pictures are.

        A turned target takes the value of the nearest pixel. Values that point somewhere, such as
        surface normals, do not turn by themselves: do not mirror or turn their pictures.

        Args:
            targets: int32 or float32 `(batch, height, width)` or with channels as the last axis.
            noise: what the pictures are varied with, float32 tensor `(batch, 5)`.

        Returns:
            Tensor of the same shape and type; missing entries stay missing.

        Example:
            >>> mirror = Augmentation(flip=True)
            >>> mirror.move(tf.constant([[[1, 2, -1]]]), tf.zeros((1, 5))).numpy().tolist()
            [[[-1, 2, 1]]]
        """
        maps = targets if len(targets.shape) == 4 else targets[..., None]
        if self.crop or self.flip:
            maps = self._shift_and_mirror(maps, noise)
        if self.rotation:
            maps = _turn(maps, self._angles(noise), "NEAREST")
        return maps if len(targets.shape) == 4 else maps[..., 0]

    def _angles(self, noise):
        return (2 * noise[:, 3] - 1) * math.radians(self.rotation)

    def _shift_and_mirror(self, pictures, noise):
        height, width, channels = pictures.shape[1:]
        if self.crop >= min(height, width):
            raise ValueError(
                f"Argument `crop` must be less than the height and width of the pictures, "
                f"{height} x {width}. Received: crop={self.crop}"
            )
        rows = self._shifted(height, noise[:, 0])
        columns = self._shifted(width, noise[:, 1])
        if self.flip:
            columns = tf.where(noise[:, 2:3] < 0.5, tf.reverse(columns, axis=[1]), columns)
        first_row = tf.range(tf.shape(pictures)[0])[:, None, None] * height
        pixels = (first_row + rows[:, :, None]) * width + columns[:, None, :]
        return tf.gather(tf.reshape(pictures, (-1, channels)), pixels)

    def _shifted(self, size, noise):
        """Places along one axis, `(batch, size)`, those outside reflected at the edge pixels."""
        offset = tf.cast(tf.floor(noise * (2 * self.crop + 1)), tf.int32) - self.crop
        places = tf.abs(tf.range(size) + offset[:, None])
        return (size - 1) - tf.abs((size - 1) - places)


def scale(pictures):
    """Returns uint8 pictures as float32 in [0, 1].

    Example:
        >>> scale(tf.constant([[0, 255]], tf.uint8)).numpy().tolist()
        [[0.0, 1.0]]
    """
    return tf.cast(pictures, tf.float32) * SCALE


def preprocess(height, width, channels, name):
    """Returns the layers that turn raw pictures of any size into a model's input.

    Args:
        height: int, pixels.
        width: int, pixels.
        channels: int.
        name: str, the name of the `Sequential`.

    Returns:
        A built `keras.Sequential`: `(batch, any, any, channels)`, 0 to 255 -> float32
        `(batch, height, width, channels)` in [0, 1].

    Example:
        >>> layers = preprocess(28, 28, 1, name="digits_image")
        >>> layers(np.full((1, 56, 56, 1), 255, "uint8")).shape
        TensorShape([1, 28, 28, 1])
    """
    # Always float32: under a mixed-precision policy 1/255 would round pictures.
    layers = [
        keras.layers.Resizing(height, width, antialias=True, dtype="float32"),
        keras.layers.Rescaling(SCALE, dtype="float32"),
    ]
    sequential = keras.Sequential(layers, name=name)
    sequential.build((None, None, None, channels))
    return sequential


def resize(picture, image_size):
    """Returns one picture (uint8 `(height, width, channels)`) at another size, still uint8."""
    resized = tf.image.resize(picture, image_size, antialias=True)
    return tf.cast(tf.clip_by_value(tf.round(resized), 0, 255), tf.uint8)


def read_files(paths, image_size=None):
    """Reads picture files, each once.

    Args:
        paths: list of PNG, JPEG, BMP or GIF (first frame) files.
        image_size: `(height, width)` to resize to. `None` (default) needs all pictures to have
            the same size.

    Returns:
        uint8 array `(n, height, width, channels)`, 1 channel if all pictures are grey, else 3
        (transparency is dropped).

    Raises:
        ValueError: if a file cannot be read as a picture, or sizes differ.

    Example:
        >>> import tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "grey.png")
        >>> keras.utils.save_img(path, np.zeros((4, 6, 1)), scale=False)
        >>> read_files([path]).shape
        (1, 4, 6, 1)
    """
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        pictures = list(pool.map(lambda path: _read_file(path, image_size), paths))
    for path, picture in zip(paths, pictures):
        if picture.shape[:2] != pictures[0].shape[:2]:
            raise different_sizes(f"{paths[0]!r} and {path!r}")
    channels = max(picture.shape[2] for picture in pictures)
    return np.stack([np.broadcast_to(p, (*p.shape[:2], channels)) for p in pictures])


def different_sizes(where):
    """Returns the error for pictures of different sizes without `image_size`."""
    return ValueError(
        f"Pictures of {where} have different sizes: say what to resize them to, such as "
        "Source(..., image_size=(64, 64))."
    )


def _read_file(path, image_size):
    try:
        with tf.device("CPU"):
            picture = tf.io.decode_image(tf.io.read_file(path), expand_animations=False)
            picture = picture[..., : 1 if picture.shape[-1] <= 2 else 3]
            return (picture if image_size is None else resize(picture, image_size)).numpy()
    except tf.errors.OpError as error:
        reason = error.message.split("\n")[0]
        raise ValueError(f"File {path!r} cannot be read as a picture: {reason}") from error


def _turn(pictures, angles, interpolation):
    """Turns each picture about its centre by its angle (radians), reflecting at the edges."""
    height, width = pictures.shape[1:3]
    cos, sin = tf.cos(angles), tf.sin(angles)
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    right = middle_x - cos * middle_x + sin * middle_y
    down = middle_y - sin * middle_x - cos * middle_y
    zero = tf.zeros_like(angles)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pictures,
        transforms=tf.stack([cos, -sin, right, sin, cos, down, zero, zero], axis=1),
        output_shape=(height, width),
        fill_value=0.0,
        interpolation=interpolation,
        fill_mode="REFLECT",
    )
