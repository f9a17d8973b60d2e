"""A learned vector in place of absent features."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("mtl_keras")
class StandIn(keras.layers.Layer):
    """Replaces the features of absent rows by a learned vector: v where present, else e.

    Before a layer with a bias this does what a zero vector with a presence flag does; it begins as
    zeros. Of a sequence or a feature map every place gets the vector, so that
    attention over them finds the vector alone.

    Call arguments:
        inputs: [features (batch, ..., width), present bool (batch,)].

    Returns:
        Tensor like the features.

    Example:
        >>> features = tf.constant([[1.0, 2.0], [3.0, 4.0]])
        >>> StandIn()([features, tf.constant([True, False])]).numpy().tolist()
        [[1.0, 2.0], [0.0, 0.0]]
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        self.vector = self.add_weight(
            shape=(input_shape[0][-1],), initializer="zeros", name="vector"
        )

    def call(self, inputs):
        features, present = inputs
        present = tf.reshape(present, [-1] + [1] * (len(features.shape) - 1))
        return tf.where(present, features, tf.cast(self.vector, features.dtype))

    def compute_mask(self, inputs, previous_mask):
        return previous_mask[0]

    def compute_output_shape(self, input_shape):
        return input_shape[0]
