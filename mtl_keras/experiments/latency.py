"""How long a forward pass takes."""

import time

import keras
import tensorflow as tf


def latency(model, rows=32, repeats=20):
    """Returns the least milliseconds of a forward pass of so many rows.

    The least, since what other programs do can only add to it.

    Args:
        model: a `MultiTaskModel`.
        rows: int. Defaults to 32.
        repeats: int, passes of which the quickest counts. Defaults to 20.

    Example:
        >>> import mtl_keras as mtl
        >>> x = keras.Input((4,), name="x")
        >>> latency(mtl.MultiTaskModel(x, {"sum": keras.layers.Dense(1, name="sum")(x)})) > 0
        True
    """
    call = tf.function(lambda inputs: model(inputs, training=False), autograph=False)
    inputs = {name: tf.zeros((rows, *x.shape[1:])) for name, x in model.inputs_by_name.items()}
    call(inputs)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        keras.tree.map_structure(lambda x: x.numpy(), call(inputs))
        times.append(time.perf_counter() - start)
    return 1000 * min(times)
