"""Steps of the gradient methods beside gradients taken by plain tapes."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from toy_tasks import LOSSES, arrays, build, dataset, same, values

import mtl_keras as mtl
from mtl_keras.weighting import JacobianWeighting

RATE = 0.1
OWNERS = {  # which task sees which layer of the toy model
    "trunk": ["zeta", "alpha", "mid"],
    "side": ["alpha", "mid"],
    "zeta_own": ["zeta"],
    "zeta": ["zeta"],
    "alpha": ["alpha"],
    "mid": ["mid"],
}


class Sum(JacobianWeighting):
    """The sum of the task gradients, as a direction."""

    def direction(self, jacobian):
        return tf.reduce_sum(jacobian, axis=0)


def batch(*absent):
    inputs, labels = arrays(8)
    missing = {"zeta": -1, "alpha": -1, "mid": np.nan}
    labels.update({task: np.full_like(labels[task], missing[task]) for task in absent})
    return next(iter(dataset(inputs, labels)))


def plain_gradients(model, inputs, labels, tasks):
    """Dict task -> {path: gradient}, each by a tape of its own, and those of the penalty."""
    found = {}
    for task in [*tasks, "penalty"]:
        with tf.GradientTape() as tape:
            outputs = model(inputs, training=True)
            if task == "penalty":
                value = tf.add_n(model.losses)
            else:
                value = tf.reduce_mean(keras.losses.get(LOSSES[task])(labels[task], outputs[task]))
        gradients = tape.gradient(value, model.trainable_variables)
        found[task] = {
            v.path: tf.convert_to_tensor(g).numpy()
            for v, g in zip(model.trainable_variables, gradients)
            if g is not None
        }
    return found


def jacobian(gradients, tasks, shared):
    """The task gradients over the shared variables as rows of a matrix."""
    rows = [
        np.concatenate(
            [gradients[t].get(path, np.zeros(size)).ravel() for path, size in shared.items()]
        )
        for t in tasks
    ]
    return np.stack(rows).astype("float64")


def pcgrad(rows):
    """Algorithm 1 of the paper, other tasks in ascending order."""
    total = np.zeros(rows.shape[1])
    for i, row in enumerate(rows):
        for j, other in enumerate(rows):
            if i != j and row @ other < 0:
                row = row - (row @ other) / (other @ other) * other
        total += row
    return total


def mgda(rows):
    """The shortest convex combination, by Frank-Wolfe with exact line search."""
    weights = np.full(len(rows), 1 / len(rows))
    gram = rows @ rows.T
    for _ in range(20000):
        corner = np.eye(len(rows))[np.argmin(gram @ weights)]
        way = corner - weights
        length = way @ gram @ way
        if length <= 0:
            break
        weights = weights + np.clip(-(weights @ gram @ way) / length, 0, 1) * way
    return weights @ rows


RULES = {
    "pcgrad": (lambda: mtl.weighting.PCGrad(shuffle=False), pcgrad),
    "mgda": (lambda: "mgda", mgda),
    "sum": (Sum, lambda rows: rows.sum(0)),
}


def one_step(model, data, weighting, **options):
    """Dict path -> update by one step of gradient descent, over the learning rate."""
    options = {"optimizer": keras.optimizers.SGD(RATE), "run_eagerly": True, **options}
    model.compile(loss=LOSSES, weighting=weighting, **options)
    before = {v.path: v.numpy() for v in model.trainable_variables}
    model.train_on_batch(*data)
    return {v.path: (before[v.path] - v.numpy()) / RATE for v in model.trainable_variables}


@pytest.mark.parametrize("absent", [(), ("alpha",)], ids=["all", "one absent"])
@pytest.mark.parametrize("name", RULES)
def test_a_step_by_hand(name, absent):
    method, rule = RULES[name]
    tasks = [task for task in LOSSES if task not in absent]
    model = build(noise=False)
    gradients = plain_gradients(model, *batch(*absent), tasks)
    owners = {v.path: OWNERS[v.path.split("/")[0]] for v in model.trainable_variables}
    shared = {v.path: v.shape for v in model.trainable_variables if len(owners[v.path]) > 1}
    direction = rule(jacobian(gradients, tasks, shared))
    found = one_step(model, batch(*absent), method())
    place = 0
    for path, move in found.items():
        wanted = gradients["penalty"].get(path, 0.0)
        if path in shared:
            wanted = wanted + direction[place : place + move.size].reshape(move.shape)
            place += move.size
        else:  # its own gradient, or nothing where the owner is absent
            (owner,) = owners[path]
            wanted = wanted + gradients[owner][path] if owner in tasks else 0.0 * move
        np.testing.assert_allclose(move, wanted, rtol=2e-3, atol=3e-6, err_msg=path)


def test_the_conflict_is_real():
    """Otherwise the steps above would all be the sum."""
    model = build(noise=False)
    gradients = plain_gradients(model, *batch(), LOSSES)
    shared = {v.path: v.shape for v in model.trainable_variables if "/kernel" in v.path[:12]}
    rows = jacobian(gradients, list(LOSSES), {"trunk/kernel": (6, 8)})
    assert shared
    assert (rows @ rows.T).min() < 0


def test_a_direction_of_the_sum_is_equal():
    for data in (batch(), batch("mid")):
        found, wanted = (one_step(build(), data, method) for method in (Sum(), "equal"))
        for path, move in found.items():
            np.testing.assert_allclose(move, wanted[path], rtol=1e-4, atol=1e-5, err_msg=path)


@pytest.mark.parametrize("weighting", ["pcgrad", "mgda", Sum])
def test_tasks_that_share_nothing_take_their_own_steps(weighting):
    def towers():
        keras.utils.set_random_seed(0)
        x, z = keras.Input((6,), name="x"), keras.Input((4,), name="z")
        dense = keras.layers.Dense
        outputs = {"zeta": dense(3, name="zeta")(x), "mid": dense(5, name="mid")(z)}
        return mtl.MultiTaskModel({"x": x, "z": z}, outputs)

    inputs, labels = batch()
    labels = {task: labels[task] for task in ("zeta", "mid")}
    found = []
    for method in (weighting() if isinstance(weighting, type) else weighting, None):
        model = towers()
        losses = {task: LOSSES[task] for task in labels}
        model.compile("sgd", losses, weighting=method, run_eagerly=True)
        model.train_on_batch(inputs, labels)
        found.append(values(model.trainable_variables)[:4])
    assert same(*found)


def test_sources_of_different_size_share_a_kernel():
    """The gradient of each task comes from its own rows."""

    def build_():
        keras.utils.set_random_seed(0)
        x, z = keras.Input((4,), name="x"), keras.Input((4,), name="z")
        trunk = keras.layers.Dense(5, "tanh", name="trunk")
        heads = [keras.layers.Dense(1, name=name) for name in "ab"]
        outputs = {head.name: head(trunk(i)) for head, i in zip(heads, (x, z))}
        return mtl.MultiTaskModel({"x": x, "z": z}, outputs)

    random = np.random.default_rng(0)
    inputs = {"x": random.normal(size=(3, 4)), "z": random.normal(size=(7, 4))}
    labels = {"a": random.normal(size=(3, 1)), "b": random.normal(size=(7, 1))}
    inputs, labels = keras.tree.map_structure(
        lambda a: tf.constant(a, tf.float32), (inputs, labels)
    )
    moves = {}
    for method in ("equal", mtl.weighting.PCGrad(shuffle=False)):
        model = build_()
        model.compile(keras.optimizers.SGD(RATE), "mse", weighting=method, run_eagerly=True)
        before = model.get_layer("trunk").kernel.numpy()
        rows = []
        for task in "ab":
            with tf.GradientTape() as tape:
                error = tf.reduce_mean((model(inputs)[task] - labels[task]) ** 2)
            rows.append(tape.gradient(error, model.get_layer("trunk").trainable_variables))
        model.train_on_batch(inputs, labels)
        moves[method] = (before - model.get_layer("trunk").kernel.numpy()) / RATE
    flat = np.stack([np.concatenate([g.numpy().ravel() for g in row]) for row in rows])
    np.testing.assert_allclose(moves["equal"].ravel(), flat.sum(0)[:20], rtol=1e-4, atol=1e-6)
    other = next(move for method, move in moves.items() if method != "equal")
    np.testing.assert_allclose(other.ravel(), pcgrad(flat)[:20], rtol=1e-4, atol=1e-6)


def test_shared_word_vectors_take_part():
    """Their gradients are rows of a table, some of them touched by both tasks."""
    keras.utils.set_random_seed(0)
    words = keras.Input((3,), dtype="int32", name="words")
    vectors = keras.layers.Embedding(9, 4, name="vectors")(words)
    mean = keras.layers.GlobalAveragePooling1D()(vectors)
    outputs = {task: keras.layers.Dense(1, name=task)(mean) for task in "ab"}
    model = mtl.MultiTaskModel({"words": words}, outputs)
    ids = tf.constant([[1, 2, 3], [2, 2, 5]])
    labels = {"a": tf.constant([[9.0], [9.0]]), "b": tf.constant([[-9.0], [-9.0]])}
    with tf.GradientTape(persistent=True) as tape:
        outputs = model({"words": ids})
        errors = {task: tf.reduce_mean((outputs[task] - labels[task]) ** 2) for task in "ab"}
    table = model.get_layer("vectors").embeddings
    rows = np.stack(
        [tf.convert_to_tensor(tape.gradient(errors[t], table.value)).numpy().ravel() for t in "ab"]
    )
    before = table.numpy()
    model.compile(
        keras.optimizers.SGD(RATE),
        "mse",
        weighting=mtl.weighting.PCGrad(shuffle=False),
        run_eagerly=True,
    )
    model.train_on_batch({"words": ids}, labels)
    np.testing.assert_allclose(
        (before - table.numpy()).ravel() / RATE, pcgrad(rows), rtol=1e-3, atol=1e-5
    )


def test_a_decision_that_is_not_finite_counts_and_does_not_stop_the_others():
    class Broken(mtl.weighting.GramianWeighting):
        def weights(self, gramian):
            return tf.fill([self.num_tasks], tf.constant(np.nan, gramian.dtype))

    model = build(noise=False)
    found = one_step(model, batch(), Broken())
    wanted = one_step(build(noise=False), batch(), "equal")
    for path, move in found.items():
        np.testing.assert_allclose(move, wanted[path], rtol=1e-4, atol=1e-5)
    assert model.get_metrics_result()["weighting_failures"] == 1
