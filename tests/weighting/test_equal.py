import numpy as np
import tensorflow as tf

from mtl_keras.weighting import Equal


def test_is_the_sum_of_the_losses():
    method = Equal()
    method.build(["a", "b", "c"])
    losses = tf.constant([0.5, 2.0, 7.0])
    with tf.GradientTape() as tape:
        tape.watch(losses)
        objective = method(losses=losses)
    assert float(objective) == 9.5
    np.testing.assert_array_equal(tape.gradient(objective, losses), [1, 1, 1])


def test_absent_tasks_are_left_out():
    method = Equal()
    method.build(["a", "b"])
    assert float(method(losses=[0.5, 2.0], present=[False, True])) == 2.0
