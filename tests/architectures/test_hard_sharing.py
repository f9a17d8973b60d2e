import keras
import numpy as np
import tensorflow as tf

from mtl_keras.architectures import hard_sharing

from . import toy


def test_one_task_is_the_plain_net():
    x = keras.Input((6, 6, 1))
    share = hard_sharing(toy.tiny, ["a"])
    model = keras.Model(x, share(x)["a"])
    plain = keras.Model(x, share.trunk("trunk")(x))
    value = np.random.default_rng(0).random((2, 6, 6, 1), np.float32)
    np.testing.assert_array_equal(model(value), plain(value))


def test_the_gradient_of_a_weighted_sum_is_the_weighted_sum_of_the_gradients():
    model = toy.model("hard_sharing")
    trunk = model.get_layer("hard_sharing_trunk_second").kernel
    inputs = toy.pictures(model)

    def gradient(zeta, alpha):
        with tf.GradientTape() as tape:
            y = model(inputs)
            loss = zeta * tf.reduce_sum(y["zeta"] ** 2) + alpha * tf.reduce_sum(y["alpha"] ** 2)
        return tape.gradient(loss, trunk).numpy()

    wanted = 2 * gradient(1, 0) + 3 * gradient(0, 1)
    np.testing.assert_allclose(gradient(2, 3), wanted, rtol=1e-5, atol=1e-6)


def test_parameters():
    """Two heads over the articles' network: 100,308 parameters."""

    def make(name):
        return keras.Sequential(
            [
                keras.layers.Conv2D(64, 3, padding="same"),
                keras.layers.MaxPooling2D(),
                keras.layers.Conv2D(64, 3, padding="same"),
                keras.layers.MaxPooling2D(),
                keras.layers.Flatten(),
            ],
            name=name,
        )

    model = toy.features(hard_sharing(make, toy.TASKS), shapes=[(28, 28, 1)])
    heads = [keras.layers.Dense(10)(y) for y in model.output.values()]
    assert keras.Model(model.input, heads).count_params() == 100_308
