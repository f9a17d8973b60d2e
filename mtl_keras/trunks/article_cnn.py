"""The small convolutional network of the articles on image and text tasks."""

from keras import layers

from mtl_keras.trunks.sized import SizedTrunk


class article_cnn(SizedTrunk):
    """Builds the articles' network: two convolutions with pooling, flattened.

    Twice a 3x3 convolution of 64 filters with ReLU and 2x2 max-pooling. For a 28x28 grey picture
    it has 37,568 parameters and 7.7 million multiply-adds, a dense layer to 10 classes included.

    Called on a picture tensor it returns features `(batch, height // 4 * (width // 4) * 64)`.
    Called again on another input it shares its kernels, and makes a new first convolution only
    where the number of channels differs. There is no normalisation.

    Args:
        width: int, filters of each convolution. Defaults to 64.
        input_size: (height, width) in pixels, to which other pictures are resized. Defaults to
            (28, 28).
        name: str, prefix of the layers' names. Defaults to `"article_cnn"`.

    Example:
        >>> import keras
        >>> trunk = article_cnn()
        >>> trunk(keras.Input((28, 28, 1))).shape, trunk(keras.Input((32, 32, 3))).shape
        ((None, 3136), (None, 3136))
    """

    def __init__(self, width=64, input_size=(28, 28), name="article_cnn"):
        super().__init__(input_size, name)
        self.width = width

    def stages(self):
        return [self._first, self._second]

    def _first(self, x):
        return self._convolve(self.resize(x), f"stem{x.shape[-1]}")

    def _second(self, x):
        x = self._convolve(x, "conv2")
        return self.shared("flatten", layers.Flatten)(x)

    def _convolve(self, x, name):
        options = {"padding": "same", "activation": "relu"}
        x = self.shared(name, layers.Conv2D, self.width, 3, **options)(x)
        return self.shared("pool", layers.MaxPooling2D)(x)
