"""Trains on two logical CPU devices what one device trains with the double batch; prints JSON.

Run by `test_replicas.py` in a process of its own: devices are divided before TensorFlow starts.
"""

import json
import sys

import keras
import numpy as np
import tensorflow as tf

import mtl_keras as mtl


def build():
    keras.utils.set_random_seed(0)
    layers = keras.layers
    x, z = keras.Input((6,), name="x"), keras.Input((4,), name="z")
    penalty = keras.regularizers.L2(0.01)
    h = layers.Dense(8, "tanh", name="trunk", kernel_regularizer=penalty)(x)
    both = layers.Concatenate()([h, layers.Dense(3, "tanh", name="side")(z)])
    outputs = {
        "zeta": layers.Dense(3, name="zeta")(h),
        "alpha": layers.Dense(1, name="alpha")(both),
        "mid": layers.Dense(5, name="mid")(both),
    }
    return mtl.MultiTaskModel({"x": x, "z": z}, outputs)


def data(rows=24):
    """Batches of 8: rows 0 to 3 go to the first replica, 4 to 7 to the second."""
    random = np.random.default_rng(0)
    x = {"x": random.normal(size=(rows, 6)), "z": random.normal(size=(rows, 4))}
    x = {name: array.astype("float32") for name, array in x.items()}
    y = {
        "zeta": random.integers(0, 3, rows).astype("int32"),
        "alpha": random.integers(0, 2, rows).astype("int32"),
        "mid": random.normal(size=(rows, 5)).astype("float32"),
    }
    y["zeta"][[0, 1, 2, 9, 13]] = -1  # three in one replica, none in the other
    y["alpha"][4:8] = -1  # the whole share of a replica
    y["mid"][8:16] = np.nan  # a whole batch
    y["mid"][1, 2] = np.nan
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(8)


def train(strategy, weighting):
    if weighting == "pcgrad":
        weighting = mtl.weighting.PCGrad(shuffle=False)
    losses = {
        "zeta": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "alpha": keras.losses.BinaryCrossentropy(from_logits=True),
        "mid": "mse",
    }
    with strategy.scope():
        model = build()
        model.compile(
            keras.optimizers.Adam(0.01),
            losses,
            metrics={"zeta": "accuracy", "mid": "mae"},
            weighting=weighting,
            log_weights=weighting is not None,
            learning_rate_multipliers={"side": 0.5},
            jit_compile=False,
            run_eagerly=strategy.num_replicas_in_sync == 1,
        )
    options = {} if weighting else {"validation_data": data()}
    history = model.fit(data(), epochs=2, verbose=0, **options).history
    order = [*model.trainable_variables, *model.optimizer.variables]
    return [v.numpy().astype("float64") for v in order], history


def own_pipeline(strategy):
    """A pipeline of this package made in the scope reads the epoch that `fit` sets."""
    random = np.random.default_rng(0)
    source = ({"x": random.normal(size=(8, 2)).astype("float32")}, {"a": np.arange(8.0)})
    with strategy.scope():
        rows = mtl.data.zip_tasks({"source": source}, batch_size=8, seed=0)
        x = keras.Input((2,), name="x")
        model = mtl.MultiTaskModel(x, {"a": keras.layers.Dense(1)(x)})
        model.compile("sgd", "mse")
    orders = []
    for epoch in (0, 1, 0):
        mtl.data.set_epoch(epoch)
        orders.append(next(iter(rows))[1]["a"].numpy().tolist())
    model.fit(rows, epochs=2, verbose=0)
    return orders


def main(cases):
    two, one = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]), tf.distribute.get_strategy()
    found = {"replicas": two.num_replicas_in_sync, "orders": own_pipeline(two), "cases": []}
    for weighting in cases:
        (values, logs), (wanted, wanted_logs) = (train(s, weighting) for s in (two, one))
        found["cases"].append(
            {
                "values": max(
                    float(np.abs(a - b).max()) for a, b in zip(values, wanted, strict=True)
                ),
                "moved": max(float(np.abs(a).max()) for a in values),
                "logs": logs,
                "wanted": wanted_logs,
            }
        )
    print(json.dumps(found))


if __name__ == "__main__":
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
    )
    main(json.loads(sys.argv[1]))
