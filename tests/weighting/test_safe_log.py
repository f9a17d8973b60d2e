import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.weighting.safe_log import SMALLEST, safe_log


def value_and_slope(loss):
    loss = tf.constant(loss, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(loss)
        log = safe_log(loss)
    return float(log), float(tape.gradient(log, loss))


@settings(max_examples=30, deadline=None)
@given(st.floats(2.0**-96, 2.0**96, width=32))
def test_is_the_logarithm(loss):
    log, slope = value_and_slope(loss)
    np.testing.assert_allclose(log, np.log(loss), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(slope, 1 / loss, rtol=1e-6)


def test_below_the_smallest_it_is_flat():
    for loss in (0.0, 1e-35, -3.0):
        assert value_and_slope(loss) == (np.float32(np.log(SMALLEST)), 0.0)
