"""A convolutional encoder, and the decoder that makes reconstruction a task."""

import math

from keras import layers

from mtl_keras.trunks.convolutional import ConvolutionalTrunk


class autoencoder(ConvolutionalTrunk):
    """Builds a convolutional encoder, whose features a `decoder` turns into the picture again.

    Three 3x3 convolutions, each of which halves the size, with `width`, twice and four times as
    many filters; what they find is averaged over a grid of 4x4, so that pictures of any size
    fit, and goes through a dense layer.

    Called on a picture tensor it returns features `(batch, units)`. Called again on another
    input it shares every kernel, makes a new first convolution only where the number of
    channels differs, and gives that input its own batch normalisation.

    Args:
        width: int, filters of the first convolution. Defaults to 16.
        units: int, number of features. Defaults to 64.
        name: str, prefix of the layers' names. Defaults to `"autoencoder"`.

    Example:
        >>> import keras
        >>> image = keras.Input((28, 28, 1), name="image")
        >>> features = autoencoder()(image)
        >>> features.shape, decoder((28, 28, 1))(features).shape
        ((None, 64), (None, 28, 28, 1))

    Reference:
        Hinton and Salakhutdinov, "Reducing the Dimensionality of Data with Neural Networks",
        Science 2006; as an extra task Le et al., "Supervised Autoencoders", NeurIPS 2018.
    """

    def __init__(self, width=16, units=64, name="autoencoder"):
        super().__init__(None, name)
        self.width, self.units = width, units

    def stages(self):
        return [self._stem, self._second, self._third]

    def _stem(self, x):
        return self.convolve(x, self.width, f"stem{x.shape[-1]}", strides=2)

    def _second(self, x):
        return self.convolve(x, 2 * self.width, "conv2", strides=2)

    def _third(self, x):
        x = self.convolve(x, 4 * self.width, "conv3", strides=2)
        x = self.shared("grid", layers.AdaptiveAveragePooling2D, 4)(x)
        x = self.shared("flatten", layers.Flatten)(x)
        return self.shared("features", layers.Dense, self.units)(x)


class decoder(ConvolutionalTrunk):
    """Builds a decoder: features become a picture of a given shape.

    A dense layer, then three transposed convolutions that each double the size, cut to the
    shape, and a last 3x3 convolution without activation. As a task, with the picture as label and
    the loss `"mse"`, it makes the features keep what the picture shows.

    Called on features `(batch, units)` it returns `(batch, *shape)`. Called again on other features
    it shares every kernel and has a batch normalisation for each.

    Args:
        shape: (height, width, channels) of the picture.
        width: int, filters of the last transposed convolution. Defaults to 16.
        name: str, prefix of the layers' names. Defaults to `"decoder"`.

    Raises:
        ValueError: a shape that is not three numbers.

    Example:
        >>> import keras
        >>> decoder((30, 20, 3))(keras.Input((64,))).shape
        (None, 30, 20, 3)
    """

    def __init__(self, shape, width=16, name="decoder"):
        super().__init__(None, name)
        if len(shape) != 3 or not all(shape):
            raise ValueError(
                f"Argument `shape` must be (height, width, channels). Received: shape={shape}"
            )
        self.shape, self.width = tuple(shape), width

    def connect(self, x):
        *sides, channels = self.shape
        cells = [math.ceil(side / 8) for side in sides]
        x = self.shared("dense", layers.Dense, math.prod(cells) * 4 * self.width)(x)
        x = self.shared("reshape", layers.Reshape, (*cells, 4 * self.width))(x)
        x = self.normalize(x, "dense")
        for level, filters in enumerate((4 * self.width, 2 * self.width, self.width), 1):
            x = self._double(x, filters, f"up{level}")
        surplus = [(0, 8 * cell - side) for cell, side in zip(cells, sides)]
        x = self.shared("crop", layers.Cropping2D, surplus)(x)
        return self.shared("picture", layers.Conv2D, channels, 3, padding="same")(x)

    def _double(self, x, filters, name):
        options = {"strides": 2, "padding": "same", "use_bias": False}
        x = self.shared(name, layers.Conv2DTranspose, filters, 3, **options)(x)
        return self.normalize(x, name)
