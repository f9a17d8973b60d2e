"""Dropout of whole modalities."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("mtl_keras")
class ModalityDropout(keras.layers.Layer):
    """Declares parts of a row absent at random in training, never the last one.

    Each part that is present goes with probability `rate`, independently; a row that would lose
    all its parts keeps them all. Nothing is rescaled, since a stand-in takes the place. It costs
    little where all parts are there and saves most of what one part can do alone: without it a
    network leans on the easier part and lets the other starve.

    Args:
        rate: float in [0, 1), usually 0.1 to 0.3.
        seed: int or `None`, seed of the draws. A `MultiTaskModel` is saved with their state.

    Call arguments:
        present: list of bool (batch,), one for each part.

    Returns:
        list of bool (batch,).

    Raises:
        ValueError: the rate is out of its range.

    Example:
        >>> layer = ModalityDropout(0.5, seed=1)
        >>> image, text = layer([tf.ones(100, "bool"), tf.ones(100, "bool")], training=True)
        >>> bool(tf.reduce_all(image)), bool(tf.reduce_all(image | text))
        (False, True)

    Reference:
        Neverova et al., "ModDrop: Adaptive Multi-Modal Gesture Recognition", PAMI 2015,
        arXiv 1501.00102.
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"Argument `rate` must be in [0, 1). Received: rate={rate!r}")
        self.rate, self.seed = rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, present, training=False):
        present = tf.stack(present, axis=1)
        if training:
            draws = keras.random.uniform(tf.shape(present), seed=self.seed_generator)
            kept = present & (draws >= self.rate)
            some = tf.reduce_any(kept, axis=1, keepdims=True)
            present = tf.where(some, kept, present)
        return tf.unstack(present, axis=1)

    def compute_output_spec(self, present, training=False):
        return [keras.KerasTensor(each.shape, dtype="bool") for each in present]

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
