"""Methods that see two halves of the batch: the cross Gramian against plain tapes."""

import keras
import numpy as np
import tensorflow as tf

import mtl_keras as mtl


class Watch(mtl.weighting.TwoBatchGramianWeighting):
    """Keeps the Gramian that it is shown, and weighs the tasks equally."""

    def setup(self):
        shape = (self.num_tasks, self.num_tasks)
        self.seen = self.add_weight(shape=shape, dtype="float64", trainable=False)

    def weights(self, gramian):
        self.seen.assign(gramian)
        return tf.ones([self.num_tasks])


def build(weighting):
    keras.utils.set_random_seed(0)
    x = keras.Input((5,), name="x")
    h = keras.layers.Dense(4, activation="tanh", name="trunk")(x)
    outputs = {"a": keras.layers.Dense(3, name="a")(h), "b": keras.layers.Dense(1, name="b")(h)}
    model = mtl.MultiTaskModel(x, outputs)
    losses = {"a": keras.losses.SparseCategoricalCrossentropy(from_logits=True), "b": "mse"}
    model.compile(keras.optimizers.SGD(0.1), loss=losses, weighting=weighting)
    return model


def batch():
    rng = np.random.default_rng(1)
    labels = {"a": rng.integers(0, 3, 9).astype("int32"), "b": rng.random(9).astype("float32")}
    labels["a"][[1, 6, 7]] = -1  # four labels of the first five rows, two of the last four
    return rng.random((9, 5)).astype("float32"), labels


def test_cross_gramian_is_that_of_plain_tapes():
    model, (x, y) = build(Watch()), batch()
    trunk = model.get_layer("trunk").trainable_variables
    rows = []
    for half in (slice(0, 5), slice(5, 9)):
        for task in "ab":
            kept = y["a"][half] != -1 if task == "a" else slice(None)
            with tf.GradientTape() as tape:
                prediction = model(x[half])[task][kept]
                loss = model.loss_objects[task](y[task][half][kept], prediction)
            gradient = tape.gradient(loss, [v.value for v in trunk])
            rows.append(np.concatenate([g.numpy().ravel() for g in gradient]).astype("float64"))
    expected = np.stack(rows[:2]) @ np.stack(rows[2:]).T
    model.train_on_batch(x, y)
    np.testing.assert_allclose(model.weighting.seen.numpy(), expected, rtol=1e-5)


def test_update_is_that_of_the_whole_batch():
    one, other = build(Watch()), build("equal")
    for model in (one, other):
        model.train_on_batch(*batch())
    for layer in ("trunk", "a", "b"):
        for v, w in zip(one.get_layer(layer).weights, other.get_layer(layer).weights):
            np.testing.assert_allclose(v.numpy(), w.numpy(), rtol=1e-5, atol=1e-7)
