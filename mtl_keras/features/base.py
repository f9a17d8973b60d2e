"""What the feature layers have in common: pictures in, float32 out, nothing to train."""

import numpy as np
from keras import layers, ops


class PictureFeature(layers.Layer):
    """A layer that computes features of pictures (batch, height, width, channels) of any dtype.

    It treats each channel by itself, returns float32 whatever the policy, and has no variables:
    it gives the same in a `tf.data` pipeline, in a model and in an export. Subclasses implement
    `features(pictures)` and, where they give a picture of another depth, `depth(channels)`.

    Example:
        >>> class Negative(PictureFeature):
        ...     def features(self, pictures):
        ...         return 255 - pictures
        >>> Negative()(np.full((1, 2, 2, 1), 55, "uint8")).numpy().max()
        np.float32(200.0)
    """

    def __init__(self, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.input_spec = layers.InputSpec(ndim=4)

    def call(self, pictures):
        return self.features(ops.cast(pictures, self.compute_dtype))

    def features(self, pictures):
        raise NotImplementedError(f"{type(self).__name__} must implement features(pictures).")

    def depth(self, channels):
        """Returns the number of channels that come out."""
        return channels

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.depth(input_shape[-1]))


def pad(pictures, height, width, border):
    """Continues pictures over their border, as far as it takes.

    `tf.pad` knows no `"nearest"`, and continues a picture by its own size at most.

    Args:
        pictures: tensor (batch, height, width, channels).
        height: int, rows to add above and below.
        width: int, columns to add left and right.
        border: `"reflect"`, d c b a | a b c d | d c b a, or `"nearest"`, a a a a | a b c d |
            d d d d: the names of SciPy and scikit-image.

    Example:
        >>> row = np.array([1, 2, 3])[None, None, :, None]
        >>> pad(row, 0, 2, "reflect").numpy().ravel().tolist()
        [2, 1, 1, 2, 3, 3, 2]
        >>> pad(row, 0, 2, "nearest").numpy().ravel().tolist()
        [1, 1, 1, 2, 3, 3, 3]
    """
    for axis, amount in ((1, height), (2, width)):
        size = ops.shape(pictures)[axis]
        place = ops.arange(-amount, size + amount)
        if border == "reflect":
            place = ops.mod(place, 2 * size)
            place = ops.minimum(place, 2 * size - 1 - place)
        else:
            place = ops.clip(place, 0, size - 1)
        pictures = ops.take(pictures, place, axis=axis)
    return pictures


def correlate(pictures, kernels, border="reflect"):
    """Correlates each channel of pictures with constant kernels.

    Args:
        pictures: tensor (batch, height, width, channels).
        kernels: array (height, width, n) of odd height and width.
        border: as in `pad`. Defaults to `"reflect"`.

    Returns:
        Tensor (batch, height, width, channels * n), the kernels of the first channel first.

    Example:
        >>> pictures = np.arange(4.0, dtype="float32").reshape(1, 1, 4, 1)
        >>> step = np.array([-1.0, 0.0, 1.0]).reshape(1, 3, 1)
        >>> correlate(pictures, step).numpy().ravel().tolist()
        [1.0, 2.0, 2.0, 1.0]
    """
    height, width, _ = kernels.shape
    kernels = np.repeat(kernels[:, :, None], pictures.shape[-1], axis=2)
    pictures = pad(pictures, height // 2, width // 2, border)
    return ops.depthwise_conv(pictures, ops.convert_to_tensor(kernels, pictures.dtype))


def length(x, y):
    """Returns the length of vectors (x, y); its gradient at (0, 0) is 0, not NaN.

    Example:
        >>> float(length(ops.array(3.0), ops.array(4.0)))
        5.0
    """
    square = ops.square(x) + ops.square(y)
    positive = square > 0
    return ops.where(positive, ops.sqrt(ops.where(positive, square, 1)), 0)
