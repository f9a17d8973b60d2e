"""Layers that bring one feature map to the size of another."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("mtl_keras")
class ResizeLike(layers.Layer):
    """Resizes a map, bilinearly, to the height and width of another, known or not.

    Call arguments:
        inputs: [map (batch, h, w, channels), map (batch, height, width, any)].

    Returns:
        `(batch, height, width, channels)`.

    Example:
        >>> ResizeLike()([ops.ones((2, 1, 1, 5)), ops.ones((2, 7, 9, 3))]).shape
        TensorShape([2, 7, 9, 5])
    """

    def call(self, inputs):
        x, like = inputs
        # In float32, because XLA's gradient of a resize is float32, whatever the map is.
        resized = ops.image.resize(ops.cast(x, "float32"), ops.shape(like)[1:3])
        return ops.cast(resized, x.dtype)

    def compute_output_shape(self, input_shape):
        x, like = input_shape
        return (x[0], *like[1:3], x[3])


@keras.saving.register_keras_serializable("mtl_keras")
class CropLike(layers.Layer):
    """Cuts the last rows and columns of a map that another one, a little smaller, lacks.

    Pooling with padding rounds up: 7 pixels become 4, and 8 again on the way back.

    Call arguments:
        inputs: [map (batch, h, w, channels), map (batch, height <= h, width <= w, any)].

    Returns:
        `(batch, height, width, channels)`.

    Example:
        >>> CropLike()([ops.ones((2, 8, 8, 5)), ops.ones((2, 7, 8, 3))]).shape
        TensorShape([2, 7, 8, 5])
    """

    def call(self, inputs):
        x, like = inputs
        height, width = ops.shape(like)[1:3]
        return x[:, :height, :width]

    def compute_output_shape(self, input_shape):
        x, like = input_shape
        return (x[0], *like[1:3], x[3])
