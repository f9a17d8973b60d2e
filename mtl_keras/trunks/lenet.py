"""The LeNet of multi-task learning on overlaid digits."""

import keras
from keras import layers

from mtl_keras.trunks.sized import SizedTrunk


@keras.saving.register_keras_serializable("mtl_keras")
class UnscaledDropout(layers.Dropout):
    """Sets inputs to zero at random in training, and does not scale up the others.

    What comes out is therefore larger at inference, by 1 / (1 - rate) on average: the masks of
    the public multi-task LeNet do so.

    Args:
        rate: float, part of the inputs to drop.
        noise_shape, seed: as in `keras.layers.Dropout`; `noise_shape=(1, 1, 1, None)` drops
            whole channels, the same for the whole batch.

    Example:
        >>> import numpy as np
        >>> drop = UnscaledDropout(0.5)
        >>> sorted(set(drop(np.ones((9, 9)), training=True).numpy().flatten().tolist()))
        [0.0, 1.0]
    """

    def call(self, inputs, training=False):
        dropped = super().call(inputs, training=training)
        return dropped * (1 - self.rate) if training else dropped


class lenet(SizedTrunk):
    """Builds the LeNet that work on MultiMNIST uses: 10 and 20 filters of 5x5, 50 units.

    Twice an unpadded convolution, 2x2 max-pooling and ReLU, then a dense layer with ReLU. For
    28x28 grey pictures it has 21,330 parameters.

    Called on a picture tensor it returns features `(batch, 50)`. Called again on another input it
    shares its kernels, and makes a new first convolution only where the number of channels
    differs. There is no normalisation.

    Args:
        input_size: (height, width) in pixels, to which other pictures are resized, 16 or more.
            Defaults to (28, 28).
        channel_dropout: float, rate of the `UnscaledDropout` of the channels of the second
            convolution, the same ones for the whole batch. The published recipe has 0.5.
            Defaults to 0.
        name: str, prefix of the layers' names. Defaults to `"lenet"`.

    Raises:
        ValueError: a side of `input_size` is less than 16.

    Example:
        >>> trunk = lenet()
        >>> trunk(keras.Input((28, 28, 1))).shape, trunk(keras.Input((32, 32, 3))).shape
        ((None, 50), (None, 50))

    Reference:
        LeCun et al., "Gradient-Based Learning Applied to Document Recognition", 1998; in this form
        Sener and Koltun, "Multi-Task Learning as Multi-Objective Optimization", NeurIPS 2018.
    """

    def __init__(self, input_size=(28, 28), channel_dropout=0.0, name="lenet"):
        super().__init__(input_size, name)
        if min(self.input_size) < 16:
            raise ValueError(
                "Argument `input_size` must be 16 pixels or more each way, so that two unpadded "
                f"convolutions of 5x5 leave something. Received: input_size={input_size}"
            )
        self.channel_dropout = channel_dropout

    def stages(self):
        return [self._stem, self._second, self._dense]

    def _stem(self, x):
        x = self.shared(f"stem{x.shape[-1]}", layers.Conv2D, 10, 5)(self.resize(x))
        return self._pool(x)

    def _second(self, x):
        x = self.shared("conv2", layers.Conv2D, 20, 5)(x)
        if self.channel_dropout:
            options = {"noise_shape": (1, 1, 1, None)}
            x = self.shared("dropout", UnscaledDropout, self.channel_dropout, **options)(x)
        return self._pool(x)

    def _dense(self, x):
        x = self.shared("flatten", layers.Flatten)(x)
        return self.shared("dense", layers.Dense, 50, activation="relu")(x)

    def _pool(self, x):
        x = self.shared("pool", layers.MaxPooling2D)(x)
        return self.shared("relu", layers.ReLU)(x)
