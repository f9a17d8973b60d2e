"""Inputs of a model as a client has them: pictures of any size, files, strings."""

import keras
import tensorflow as tf

from mtl_keras.fusion.absence import absent_value

DECODED_CHANNELS = (1, 3, 4)  # What `tf.io.decode_image` can give.


class RawInput:
    """One input of a model as a client has it.

    A picture is what has shape `(batch, height, width, channels)`; a text is what a
    `TextVectorization` reads, or an input of strings; anything else is a value.

    Args:
        tensor: the model's input, a `KerasTensor`.
        layer: the layer that turns the raw value into it, or `None`: a picture is then resized and
            scaled to [0, 1], other inputs are taken as they are.

    Attributes:
        name: str, name of the model's input.
        kind: `"image"`, `"text"` or `"value"`.
        prepare: function of a batch of raw values that returns the model's input.

    Example:
        >>> RawInput(keras.Input((28, 28, 1), name="digits_image")).kind
        'image'
    """

    def __init__(self, tensor, layer=None):
        self.name, self.tensor, self.layer = tensor.name, tensor, layer
        if tensor.dtype == "string" or _reads_text(layer):
            self.kind = "text"
        else:
            self.kind = "image" if len(tensor.shape) == 4 else "value"
        self.resized = self.kind == "image" and not self._takes_any_size()
        if layer is not None and not layer.built:
            # Outside of a graph, so that what it makes at its first call outlives the graph.
            self._prepare(_example(self.spec("raw")))
        self.prepare = tf.function(
            self._prepare, input_signature=[self.spec("raw")], autograph=False
        )

    def spec(self, key, encoded=False):
        """Returns the `tf.TensorSpec` of the raw value, named by its key in a signature."""
        if self.kind == "text" or (encoded and self.kind == "image"):
            return tf.TensorSpec((None,), tf.string, name=key)
        if self.kind == "image":
            return tf.TensorSpec((None, None, None, self.tensor.shape[-1]), tf.uint8, name=key)
        return tf.TensorSpec((None, *self.tensor.shape[1:]), self.tensor.dtype, name=key)

    @property
    def decodable(self):
        """Whether it is a picture that PNG and JPEG files can hold."""
        return self.kind == "image" and self.tensor.shape[-1] in DECODED_CHANNELS

    def decode(self, files):
        """Returns the model's input for PNG or JPEG bytes, a string tensor `(batch,)`.

        Each picture is decoded to the channels of the input and prepared by itself, so that a
        batch may hold pictures of different sizes.
        """

        def one(data):
            channels = self.tensor.shape[-1]
            picture = tf.io.decode_image(data, channels=channels, expand_animations=False)
            picture = tf.ensure_shape(picture, (None, None, channels))
            return self.prepare(picture[None])[0]

        spec = tf.TensorSpec(self.tensor.shape[1:], self.tensor.dtype)
        return tf.map_fn(one, files, fn_output_signature=spec)

    def absent(self, rows):
        """Returns the model's input for rows that lack it, as `fusion.optional` knows them.

        Args:
            rows: int32 scalar, how many.
        """
        # Where the size is open: 32, which is enough for any network.
        shape = [rows, *(size or 32 for size in self.tensor.shape[1:])]
        return tf.fill(shape, tf.constant(absent_value(self.tensor.dtype), self.tensor.dtype))

    def _prepare(self, raw):
        shape = (None, *self.tensor.shape[1:])
        if self.kind == "image":
            raw = self._picture(raw)
        elif self.layer is not None:
            raw = self.layer(raw, training=False)
        elif self.kind == "text":
            raw = tf.reshape(raw, (-1, *(size or 1 for size in shape[1:])))
        return tf.ensure_shape(tf.cast(raw, self.tensor.dtype), shape)

    def _picture(self, raw):
        pictures = tf.cast(raw, tf.float32)
        if self.resized:
            pictures = tf.image.resize(pictures, self.tensor.shape[1:3], antialias=True)
        if self.layer is not None:
            return self.layer(pictures, training=False)
        if tf.as_dtype(self.tensor.dtype).is_integer:
            return tf.round(pictures)
        return pictures * (1 / 255)

    def _takes_any_size(self):
        """Whether the layer itself brings pictures of any size to that of the input."""
        _, height, width, channels = self.tensor.shape
        if height is None or width is None:
            return True
        if self.layer is None:
            return False
        try:
            found = self.layer(tf.zeros((1, height + 1, width + 1, channels)), training=False)
        except (ValueError, tf.errors.InvalidArgumentError):  # It was built for one size.
            return False
        return found.shape[1:3] == (height, width)


def _reads_text(layer):
    return layer is not None and any(
        isinstance(each, keras.layers.TextVectorization) for each in layer._flatten_layers()
    )


def _example(spec):
    return tf.zeros([size or 1 for size in spec.shape], spec.dtype)
