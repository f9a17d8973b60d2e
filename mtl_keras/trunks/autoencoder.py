"""A convolutional encoder, from whose features the picture can be made again."""

from keras import layers

from mtl_keras.trunks.convolutional import ConvolutionalTrunk


class autoencoder(ConvolutionalTrunk):
    """Builds a convolutional encoder that keeps what is where; `heads.reconstruction` decodes it.

    Three 3x3 convolutions, each of which halves the size, with `width`, twice and four times as
    many filters; what they find is averaged over a grid of 4x4, so that pictures of any size
    fit, and goes through a dense layer. Reconstruction as a task beside others makes the features
    keep what the picture shows.

    Called on a picture tensor it returns features `(batch, units)`. Called again on another
    input it shares every kernel, makes a new first convolution only where the number of
    channels differs, and gives that input its own batch normalisation.

    Args:
        width: int, filters of the first convolution. Defaults to 16.
        units: int, number of features. Defaults to 64.
        name: str, prefix of the layers' names. Defaults to `"autoencoder"`.

    Example:
        >>> import keras
        >>> from mtl_keras.heads import reconstruction
        >>> features = autoencoder()(keras.Input((28, 28, 1)))
        >>> features.shape, reconstruction((28, 28, 1))(features).shape
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
        x = self.shared("flatten", layers.Flatten)(self._grid(x))
        return self.shared("features", layers.Dense, self.units)(x)

    def _grid(self, x):
        """Returns the map averaged over 4x4 cells, or enlarged where it has fewer."""
        if min(side or 4 for side in x.shape[1:3]) < 4:
            return self.shared("enlarge", layers.Resizing, 4, 4)(x)
        return self.shared("grid", layers.AdaptiveAveragePooling2D, 4)(x)
