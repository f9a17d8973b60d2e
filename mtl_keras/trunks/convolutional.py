"""What every convolutional trunk does: normalise after each convolution, and pool at the end."""

from keras import layers

from mtl_keras.trunks.base import Trunk
from mtl_keras.trunks.pooling import global_pooling


class ConvolutionalTrunk(Trunk):
    """A trunk of convolutions, each followed by private batch normalisation and ReLU.

    Args:
        pooling: `"max"`, `"avg"` or `None` for the feature map.
        name: str, prefix of the layers' names.

    Raises:
        ValueError: the pooling is another one.

    Example:
        >>> import keras
        >>> class Tiny(ConvolutionalTrunk):
        ...     def connect(self, x):
        ...         return self.pool(self.convolve(x, 8, "conv"))
        >>> Tiny("avg", "tiny")(keras.Input((28, 28, 1))).shape
        (None, 8)
    """

    def __init__(self, pooling, name):
        super().__init__(name)
        self.pooling = pooling
        self._pooling = global_pooling(pooling)

    def convolve(self, x, filters, name, kernel_size=3, relu=True, use_bias=False, **options):
        """Returns the convolution of `x`, normalised; `options` are those of `Conv2D`."""
        options = {"padding": "same", "use_bias": use_bias, **options}
        x = self.shared(name, layers.Conv2D, filters, kernel_size, **options)(x)
        return self.normalize(x, name, relu)

    def normalize(self, x, name, relu=True):
        """Returns `x` after batch normalisation of this input alone, and ReLU."""
        x = self.private(f"{name}_bn", layers.BatchNormalization, momentum=0.9)(x)
        return self.shared(f"{name}_relu", layers.ReLU)(x) if relu else x

    def pool(self, x):
        """Returns the features that the argument `pooling` asks for."""
        return self.shared("pool", self._pooling)(x) if self._pooling else x
