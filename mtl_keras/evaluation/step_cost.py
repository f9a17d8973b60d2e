"""What a training step takes: seconds and memory."""

import contextlib
import statistics
import time

import keras
import tensorflow as tf


class StepCost(keras.callbacks.Callback):
    """Measures the steps of a run.

    Attributes:
        step_seconds: float, the median of the wall time of a step, so without the first one, which
            traces and compiles; `None` before the first.
        peak_mb: float, the most megabytes (2^20 bytes) that TensorFlow's allocator gave out at a
            time during training and validation, variables included; `None` where the device does
            not say.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> taken = StepCost()
        >>> _ = model.fit(tf.ones([8, 2]), tf.ones([8, 1]), callbacks=[taken], verbose=0)
        >>> taken.step_seconds > 0
        True
    """

    def __init__(self):
        super().__init__()
        self.step_seconds = self.peak_mb = None
        self._times, self._start = [], 0.0

    def on_train_begin(self, logs=None):
        self._times = []
        with contextlib.suppress(ValueError):  # the allocator of some devices keeps no account
            tf.config.experimental.reset_memory_stats(_device())

    def on_train_batch_begin(self, batch, logs=None):
        self._start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self._times.append(time.perf_counter() - self._start)

    def on_train_end(self, logs=None):
        if self._times:
            self.step_seconds = statistics.median(self._times)
        with contextlib.suppress(ValueError):
            self.peak_mb = tf.config.experimental.get_memory_info(_device())["peak"] / 2**20


def _device():
    return "GPU:0" if tf.config.list_physical_devices("GPU") else "CPU:0"
