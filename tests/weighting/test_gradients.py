import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.weighting import gradients as task_gradients

SHAPES = [(3, 2), (4,), (2, 1, 2)]


def draw(tasks, missing=(), seed=0):
    """Gradients of `tasks` tasks for three variables, `None` at the (task, variable) missing."""
    random = np.random.default_rng(seed)
    return [
        [
            None if (task, index) in missing else random.normal(size=shape).astype("float32")
            for index, shape in enumerate(SHAPES)
        ]
        for task in range(tasks)
    ]


def matrix(gradients):
    rows = [
        [np.zeros(shape) if g is None else g for g, shape in zip(task, SHAPES)]
        for task in gradients
    ]
    return np.stack([np.concatenate([np.ravel(g) for g in row]) for row in rows]).astype(float)


def tensors(gradients):
    return [[None if g is None else tf.constant(g) for g in task] for task in gradients]


MISSING = [(), {(0, 1)}, {(0, 0), (1, 0), (2, 0)}, {(1, 0), (1, 1), (1, 2), (2, 1)}]


@pytest.mark.parametrize("missing", MISSING)
def test_gramian(missing):
    gradients = draw(3, missing)
    found = task_gradients.gramian(tensors(gradients))
    assert found.dtype == tf.float64
    np.testing.assert_allclose(found, matrix(gradients) @ matrix(gradients).T, atol=1e-12)


def test_cross_gramian():
    one, other = draw(3, {(0, 1), (2, 2)}), draw(3, {(1, 1), (2, 2)}, seed=1)
    found = task_gradients.gramian(tensors(one), tensors(other))
    np.testing.assert_allclose(found, matrix(one) @ matrix(other).T, atol=1e-12)


@pytest.mark.parametrize("size", [2**14 + 1, 300_001])
def test_gramian_of_a_large_block_takes_every_entry_once(size):
    one, other = np.random.default_rng(0).normal(size=(2, 3, size)).astype("float32")
    sides = [[[tf.constant(row)] for row in rows] for rows in (one, other)]
    for given, wanted in ((sides[:1], one), (sides, other)):
        found = tf.function(task_gradients.gramian)(*given)
        np.testing.assert_allclose(found, one.astype(float) @ wanted.T.astype(float), atol=1e-9)


def test_gramian_keeps_angles_of_very_different_scales():
    gradients = [[tf.constant([3e-25, 4e-25])], [tf.constant([4e25, -3e25])]]
    found = task_gradients.gramian(gradients).numpy()
    np.testing.assert_allclose(np.diag(found), [25e-50, 25e50], rtol=1e-6)
    assert abs(found[0, 1]) < 1e-6


def test_gramian_of_sparse_gradients():
    table = tf.Variable(tf.random.normal([6, 2], seed=0))
    with tf.GradientTape(persistent=True) as tape:
        one = tf.reduce_sum(tf.gather(table, [1, 1, 4]) ** 2)
        two = tf.reduce_sum(tf.gather(table, [4, 5]) ** 3)
    sparse = [[tape.gradient(loss, table)] for loss in (one, two)]
    assert isinstance(sparse[0][0], tf.IndexedSlices)
    dense = np.stack([tf.convert_to_tensor(row[0]).numpy().ravel() for row in sparse])
    np.testing.assert_allclose(task_gradients.gramian(sparse), dense @ dense.T, rtol=1e-6)
    found = task_gradients.weighted_sum(sparse, tf.constant([2.0, -1.0]))
    np.testing.assert_allclose(np.ravel(found[0]), [2, -1] @ dense, rtol=1e-6)


@pytest.mark.parametrize("missing", MISSING)
def test_jacobian_and_split(missing):
    gradients, variables = draw(3, missing), [tf.zeros(shape) for shape in SHAPES]
    found = task_gradients.jacobian(tensors(gradients), variables)
    assert found.dtype == tf.float32
    np.testing.assert_array_equal(found, matrix(gradients))
    for part, gradient, shape in zip(
        task_gradients.split(found[0], variables), gradients[0], SHAPES
    ):
        np.testing.assert_array_equal(part, np.zeros(shape) if gradient is None else gradient)


@pytest.mark.parametrize("missing", MISSING)
def test_weighted_sum(missing):
    gradients, weights = draw(3, missing), [0.5, -2.0, 3.0]
    found = task_gradients.weighted_sum(tensors(gradients), tf.constant(weights))
    reached = [any(task[index] is not None for task in gradients) for index in range(len(SHAPES))]
    assert [part is not None for part in found] == reached
    parts = [np.zeros(shape) if p is None else p for p, shape in zip(found, SHAPES)]
    flat = np.concatenate([np.ravel(part) for part in parts])
    np.testing.assert_allclose(flat, weights @ matrix(gradients), atol=1e-6)
