import time

import keras
import tensorflow as tf

from mtl_keras.evaluation.step_cost import StepCost


class Slow(keras.layers.Layer):
    """Sleeps, and holds a tensor of many megabytes."""

    def call(self, x):
        tf.py_function(lambda: time.sleep(0.05), [], [])
        return x + 0 * tf.reduce_sum(tf.sqrt(tf.ones([2_000_000]) + tf.reduce_sum(x)))


def taken(*layers):
    model = keras.Sequential([keras.Input((2,)), *layers, keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    cost = StepCost()
    model.fit(tf.ones([12, 2]), tf.ones([12, 1]), batch_size=4, callbacks=[cost], verbose=0)
    return cost


def test_slow_steps_that_need_memory_are_seen():
    plain, slow = taken(), taken(Slow())
    assert slow.step_seconds > 0.05 > 0
    assert plain.step_seconds > 0
    if slow.peak_mb is not None:  # some allocators keep no account
        assert slow.peak_mb > plain.peak_mb + 7  # 8 million bytes


def test_before_the_first_step_nothing_is_known():
    cost = StepCost()
    assert (cost.step_seconds, cost.peak_mb) == (None, None)
