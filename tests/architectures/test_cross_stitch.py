import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.architectures import CrossStitch, cross_stitch

from . import toy


def stitched(alpha, count=2):
    """Returns a model of linear columns, its weights W[task][stage], and values of its input."""
    architecture = cross_stitch(lambda name: toy.dense(name, count), toy.TASKS)
    model = toy.features(architecture, shapes=[(2,)])
    columns = [
        [model.get_layer(f"cross_stitch_{task}_stage{i + 1}").kernel for i in range(count)]
        for task in toy.TASKS
    ]
    for number in range(1, count):
        model.get_layer(f"cross_stitch_stitch{number}").alpha.assign(alpha)
    x = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    return model, columns, x


def test_the_paper_s_equation_through_three_stages():
    alpha = np.array([[0.8, 0.3], [-0.5, 1.2]])
    model, columns, x = stitched(alpha, 3)
    activations = [x, x]
    for stage in range(3):
        if stage:
            activations = [sum(a * y for a, y in zip(row, activations)) for row in alpha]
        activations = [y @ w[stage].numpy() for y, w in zip(activations, columns)]
    found = model({"x": x})
    for task, wanted in zip(toy.TASKS, activations):
        np.testing.assert_allclose(found[task], wanted, rtol=0, atol=1e-5)


def test_the_identity_is_a_net_for_each_task():
    model, columns, x = stitched(np.eye(2))
    for task, (first, second) in zip(toy.TASKS, columns):
        np.testing.assert_array_equal(model({"x": x})[task], tf.matmul(tf.matmul(x, first), second))


def test_equal_columns_averaged_are_one_column():
    model, columns, x = stitched(np.full((2, 2), 0.5))
    for ours, theirs in zip(*columns):
        theirs.assign(ours)
    wanted = x @ columns[0][0].numpy() @ columns[0][1].numpy()
    for y in model({"x": x}).values():
        np.testing.assert_allclose(y, wanted, rtol=0, atol=1e-6)


def test_the_identity_can_be_left():
    model, _, x = stitched(np.eye(2))
    stitch = model.get_layer("cross_stitch_stitch1").alpha
    with tf.GradientTape() as tape:
        loss = sum(tf.reduce_sum(y**2) for y in model({"x": x}).values())
    assert (np.abs(tape.gradient(loss, stitch)) > 1e-4).all()


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("tasks", [1, 2, 3])
def test_start(tasks, per_channel):
    names = [str(i) for i in range(tasks)]
    stitch = CrossStitch(names, names, same=0.7, per_channel=per_channel)
    stitch.build([(None, 4, 4, 6)] * tasks)
    assert stitch.alpha.shape == (tasks, tasks) + per_channel * (6,)
    alpha = stitch.mixing()
    np.testing.assert_allclose(alpha.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(np.diag(alpha), 0.7 if tasks > 1 else 1, rtol=1e-6)


def test_per_channel():
    stitch = CrossStitch(["a", "b"], ["a", "b"], per_channel=True)
    random = np.random.default_rng(0)
    x, y = random.normal(size=(2, 5, 3, 3, 4)).astype("float32")
    stitch.build([x.shape] * 2)
    alpha = random.normal(size=(2, 2, 4)).astype("float32")
    stitch.alpha.assign(alpha)
    found = tf.function(stitch, jit_compile=True)([x, y])
    wanted = np.einsum("ijc,jbhwc->ibhwc", alpha, np.stack([x, y]))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)


def test_columns_start_from_different_weights():
    _, columns, _ = stitched(np.eye(2))
    assert np.abs(columns[0][0].numpy() - columns[1][0].numpy()).max() > 0.1


def test_parameters():
    """K P_E + S K²."""
    assert toy.features(toy.make("cross_stitch")).count_params() == 2 * (30 + 20) + 4
