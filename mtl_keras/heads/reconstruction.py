"""A picture from features."""

import math

import keras
from keras import layers

from mtl_keras import errors
from mtl_keras.heads.base import Head, whole_number, whole_numbers
from mtl_keras.heads.psnr import PSNR

_LOSSES = {
    "mse": keras.losses.MeanSquaredError,
    "bce": lambda: keras.losses.BinaryCrossentropy(from_logits=True),
}


class reconstruction(Head):
    """Builds a decoder that makes a picture of features.

    Called on features `(batch, channels)` or a feature map `(batch, height, width, channels)` it
    returns a picture `(batch, *shape)`. Transposed convolutions double height and width until
    they are large enough; what stands out is cut off. Labels are pictures in [0, 1], floats
    `(batch, *shape)`; any single value may be missing, NaN. With the loss `"bce"` the outputs are
    logits, of which the sigmoid is the picture; an export answers with the picture, `value`.

    Args:
        shape: (height, width, channels) of the picture.
        width: int, filters of the transposed convolutions. Defaults to 32.
        loss: `"mse"` (default) or `"bce"`.
        name: str, name of the task. Defaults to `"reconstruction"`.

    Raises:
        ValueError: an argument is no such number, or the loss is not known.

    Example:
        >>> head = reconstruction((28, 28, 1), width=8)
        >>> head(keras.Input((64,))).shape, head(keras.Input((4, 4, 64))).shape
        ((None, 28, 28, 1), (None, 28, 28, 1))
    """

    def __init__(self, shape, width=32, loss="mse", name="reconstruction"):
        if loss not in _LOSSES:
            raise errors.unknown("loss of a reconstruction", loss, _LOSSES)
        super().__init__(name, _LOSSES[loss](), [PSNR(from_logits=loss == "bce")])
        self.shape = whole_numbers("shape", shape, ["height", "width", "channels"])
        self.width = whole_number("width", width, least=1)

    def __call__(self, features):
        height, width, channels = self.shape
        x = features
        if len(x.shape) == 2:
            start = (math.ceil(height / 8), math.ceil(width / 8), self.width)
            x = layers.Dense(math.prod(start), activation="relu", name=f"{self.name}_dense")(x)
            x = layers.Reshape(start, name=f"{self.name}_map")(x)
        self._check_map(x)
        doublings = 0
        while x.shape[1] < height or x.shape[2] < width:
            doublings += 1
            x = layers.Conv2DTranspose(
                self.width,
                3,
                strides=2,
                padding="same",
                activation="relu",
                name=f"{self.name}_up{doublings}",
            )(x)
        rest = ((0, x.shape[1] - height), (0, x.shape[2] - width))
        if rest != ((0, 0), (0, 0)):
            x = layers.Cropping2D(rest, name=f"{self.name}_crop")(x)
        return layers.Conv2D(channels, 3, padding="same", name=self.name)(x)

    def _check_map(self, x):
        fits = len(x.shape) == 4 and None not in x.shape[1:3]
        if not fits or x.shape[1] > self.shape[0] or x.shape[2] > self.shape[1]:
            raise ValueError(
                f"Head {self.name!r} must be called on features (batch, channels) or on a map "
                "(batch, height, width, channels) of known size, not larger than the picture, "
                f"{self.shape[0]} x {self.shape[1]}. Received: shape {tuple(x.shape)}"
            )
