"""Where, how often and on how much a method looks, beside gradients taken by plain tapes."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import toy_tasks

import mtl_keras as mtl
from mtl_keras.weighting import GramianWeighting, JacobianWeighting

RATE = 0.1
LOSSES = {"a": keras.losses.SparseCategoricalCrossentropy(from_logits=True), "b": "mse"}


class InverseNorms(GramianWeighting):
    """A rule whose answer shows what it saw: the weight of a task is one over its norm."""

    def weights(self, gramian):
        return tf.math.rsqrt(tf.linalg.diag_part(gramian))


def value(task, y, outputs):
    """The plain loss of a task."""
    return tf.reduce_mean(keras.losses.get(LOSSES[task])(y[task], outputs[task]))


def build(noise=True):
    keras.utils.set_random_seed(0)
    x = keras.Input((6,), name="x")
    h = keras.layers.Dense(8, activation="tanh", name="first")(x)
    h = keras.layers.BatchNormalization(name="bn")(h) if noise else h
    h = keras.layers.Dense(5, activation="tanh", name="second", kernel_regularizer="l2")(h)
    outputs = {"a": keras.layers.Dense(3, name="a")(h), "b": keras.layers.Dense(2, name="b")(h)}
    return mtl.MultiTaskModel(x, outputs)


def data(rows=10, seed=1):
    random = np.random.default_rng(seed)
    x = tf.constant(random.normal(size=(rows, 6)), tf.float32)
    y = {"a": random.integers(0, 3, rows).astype("int32"), "b": random.normal(size=(rows, 2))}
    return x, {"a": tf.constant(y["a"]), "b": tf.constant(y["b"], tf.float32)}


def by_hand(place, rows=None, noise=True):
    """The gradients of every task and of the penalty, and the inverse norms at a place."""
    model, (x, y) = build(noise), data()
    x, y = x[:rows], {task: labels[:rows] for task, labels in y.items()}
    features = keras.Model(model.input, (model.output, model.get_layer("second").output))
    with tf.GradientTape(persistent=True) as tape:
        outputs, z = features(x, training=True)
        values = {task: value(task, y, outputs) for task in LOSSES}
        penalty = tf.add_n(model.losses)
    variables = model.trainable_variables
    values_of = [v.value for v in variables]
    gradients = {t: tape.gradient(value, values_of) for t, value in values.items()}

    def seen(task):
        if place == "features":
            return [tape.gradient(values[task], z)]
        layers = ("first", "bn", "second") if place == "shared" else ("second",)
        pairs = zip(gradients[task], variables)
        return [g for g, v in pairs if v.path.split("/")[0] in layers]

    norms = {
        t: np.linalg.norm(np.concatenate([g.numpy().ravel() for g in seen(t)])) for t in LOSSES
    }
    penalty = tape.gradient(penalty, values_of, unconnected_gradients="zero")
    weights = {t: 1 / norm for t, norm in norms.items()}
    return variables, gradients, penalty, weights


def expected(place, rows=None, noise=True):
    """Dict path -> update over the learning rate, decided on the first `rows` rows."""
    *_, weights = by_hand(place, rows, noise)
    variables, gradients, penalty, _ = by_hand(place, None, noise)
    moves = {}
    for index, v in enumerate(variables):
        own = v.path.split("/")[0]
        total = penalty[index]
        for task, found in gradients.items():
            if found[index] is not None:
                total = total + (1.0 if own == task else weights[task]) * found[index]
        moves[v.path] = total.numpy()
    return moves


def moved(jacobian=None, weighting=InverseNorms, noise=True, steps=1, **options):
    """Dict path -> update over the learning rate of the last of some steps on one batch."""
    model = build(noise)
    options = {"run_eagerly": True, **options}
    model.compile(
        keras.optimizers.SGD(RATE), LOSSES, weighting=weighting(), jacobian=jacobian, **options
    )
    for _ in range(steps):
        before = {v.path: v.numpy() for v in model.trainable_variables}
        model.train_on_batch(*data())
    return {v.path: (before[v.path] - v.numpy()) / RATE for v in model.trainable_variables}, model


def close(found, wanted, rtol=2e-3, atol=2e-5):
    assert found.keys() == wanted.keys()
    for path, move in found.items():
        np.testing.assert_allclose(move, wanted[path], rtol=rtol, atol=atol, err_msg=path)


@pytest.mark.parametrize("place", ["shared", "features", "last_block"])
def test_a_step_by_hand(place):
    close(moved(mtl.Jacobian(at=place))[0], expected(place))


@pytest.mark.parametrize("place", ["shared", "features", "last_block"])
def test_a_fraction_of_the_batch_decides(place):
    found, _ = moved(mtl.Jacobian(at=place, fraction=0.35), noise=False)
    close(found, expected(place, rows=4, noise=False))
    assert not np.allclose(found["first/kernel"], expected(place, noise=False)["first/kernel"])


def test_the_second_pass_leaves_no_trace():
    _, whole = moved(mtl.Jacobian(fraction=0.5))
    _, plain = moved(weighting=mtl.weighting.Equal)
    for ours, theirs in zip(whole.non_trainable_variables, plain.non_trainable_variables):
        if "moving" in ours.path:
            np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6, err_msg=ours.path)
    x_logs, y_logs = (m.get_metrics_result() for m in (whole, plain))
    assert float(x_logs["a_loss"]) == pytest.approx(float(y_logs["a_loss"]), rel=1e-5)


@pytest.mark.parametrize("options", [{"run_eagerly": True}, {"jit_compile": True}])
def test_weights_are_kept_between(options):
    model = build(noise=False)
    model.compile(
        keras.optimizers.SGD(RATE),
        LOSSES,
        weighting=InverseNorms(),
        jacobian=mtl.Jacobian(every=2),
        log_weights=True,
        **{"run_eagerly": False, **options},
    )
    seen, cosines = [], []
    for _ in range(4):
        model.reset_metrics()
        logs = model.train_on_batch(*data(), return_dict=True)
        seen.append(logs["a_weight"])
        cosines.append(logs["conflict/a_b"])
    assert seen[0] == seen[1] != seen[2] == seen[3]
    assert np.isfinite(cosines)[[0, 2]].all()
    assert np.isnan(cosines)[[1, 3]].all()


def test_deciding_first_is_the_exact_step():
    """One weighted backward pass, where each step decides on all rows and parameters."""
    weighted = moved(mtl.Jacobian(every=1000), steps=1)[0]
    close(weighted, moved(steps=1)[0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("place", ["shared", "features"])
def test_an_absent_task_has_no_weight_in_steps_that_keep(place):
    model = build(noise=False)
    model.compile(
        keras.optimizers.SGD(RATE),
        LOSSES,
        weighting=InverseNorms(),
        jacobian=mtl.Jacobian(at=place, every=3),
        run_eagerly=True,
    )
    x, y = data()
    model.train_on_batch(x, y)
    weights = model.weighting.last_weights.numpy()
    before = model.get_layer("b").kernel.numpy()
    model.train_on_batch(x, {**y, "b": tf.fill([10, 2], np.nan)})
    np.testing.assert_array_equal(model.get_layer("b").kernel.numpy(), before)
    np.testing.assert_array_equal(model.weighting.last_weights.numpy(), weights)


class Signs(JacobianWeighting):
    """The signs of the summed rows: elementwise, so the place shows."""

    def direction(self, jacobian):
        return tf.sign(tf.reduce_sum(jacobian, axis=0))


def test_a_direction_at_the_features():
    model, (x, y) = build(noise=False), data()
    inner = keras.Model(model.input, (model.output, model.get_layer("second").output))
    with tf.GradientTape(persistent=True) as tape:
        outputs, z = inner(x, training=True)
        total = sum(value(t, y, outputs) for t in LOSSES)
    way = tf.sign(tape.gradient(total, z))
    kernel = model.get_layer("first").kernel
    wanted = tape.gradient(z, kernel.value, output_gradients=way)
    found, _ = moved(mtl.Jacobian(at="features"), weighting=Signs, noise=False)
    np.testing.assert_allclose(found["first/kernel"], wanted.numpy(), rtol=1e-3, atol=1e-5)


class Scaled(InverseNorms):
    """Scales the losses of the tasks too, and learns a number for each."""

    def setup(self):
        self.numbers = self.add_weight(shape=(self.num_tasks,), initializer="zeros", name="numbers")
        self.heard = self.add_weight(shape=(self.num_tasks,), trainable=False, name="heard")

    def own_weights(self, weights, losses):
        return weights * losses

    def objective(self, losses):
        return tf.reduce_sum(self.numbers.value * losses)

    def after_step(self, losses):
        self.heard.assign(losses)


@pytest.mark.parametrize("jacobian", [None, mtl.Jacobian(at="features")])
def test_what_a_method_may_have_besides(jacobian):
    found, model = moved(jacobian, weighting=Scaled, noise=False)
    place = "shared" if jacobian is None else "features"
    variables, gradients, _, weights = by_hand(place, noise=False)
    outputs = build(noise=False)(data()[0])
    losses = {t: float(value(t, data()[1], outputs)) for t in LOSSES}
    names = [v.path for v in variables]
    for task in LOSSES:
        wanted = weights[task] * losses[task] * gradients[task][names.index(f"{task}/kernel")]
        np.testing.assert_allclose(found[f"{task}/kernel"], wanted, rtol=1e-3, atol=1e-6)
    learned = next(move for path, move in found.items() if path.endswith("numbers"))
    np.testing.assert_allclose(learned, list(losses.values()), rtol=1e-5)
    outputs = model(data()[0])
    now = [float(value(t, data()[1], outputs)) for t in LOSSES]
    np.testing.assert_allclose(model.weighting.heard.numpy(), now, rtol=1e-5)


# Every kind of state; the others of the same kinds in `make test-full`.
QUICK = {
    "dwa",
    "famo",
    "gradnorm",
    "mgda_ub",
    "pcgrad",
    "imtl",
    "nash_mtl",
    "db_mtl",
    "modo",
    "moco",
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in QUICK else pytest.mark.full)
        for name in sorted(set(mtl.weighting.names()) - {"static"})
    ],
)
def test_every_method_trains_a_model_and_comes_back_with_its_state(name, tmp_path):
    model = toy_tasks.build(noise=False)
    if name == "mgda_ub":  # the tasks of the toy model have no tensor in common
        model.compile("sgd", toy_tasks.LOSSES, weighting=name, jacobian=mtl.Jacobian(at="shared"))
    else:
        model.compile("sgd", toy_tasks.LOSSES, weighting=name)
    model.run_eagerly = True
    batch = next(iter(toy_tasks.dataset()))
    before = toy_tasks.values(model.trainable_variables)
    model.train_on_batch(*batch)
    assert not toy_tasks.same(toy_tasks.values(model.trainable_variables)[:2], before[:2])
    assert all(np.isfinite(value).all() for value in toy_tasks.values(model.trainable_variables))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    again.run_eagerly = True
    for each in (model, again):
        each.train_on_batch(*batch)
    found, wanted = (toy_tasks.values(each.trainable_variables) for each in (again, model))
    assert toy_tasks.same(found, wanted)


def test_the_place_of_a_method_is_its_default():
    class AtFeatures(InverseNorms):
        at = "features"

    close(moved(weighting=AtFeatures)[0], moved(mtl.Jacobian(at="features"))[0])


def test_it_is_saved_with_the_model(tmp_path):
    model = build()
    model.compile("sgd", LOSSES, weighting="pcgrad", jacobian=mtl.Jacobian("features", every=3))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again._task_gradients.jacobian == mtl.Jacobian("features", every=3)


def test_mixed_precision_is_the_step_of_full_precision():
    wanted = moved(mtl.Jacobian(at="features"), noise=False)[0]
    keras.config.set_dtype_policy("mixed_float16")
    try:
        found = moved(mtl.Jacobian(at="features"), noise=False)[0]
    finally:
        keras.config.set_dtype_policy("float32")
    close(found, wanted, rtol=0.05, atol=0.01)


class Two(mtl.weighting.TwoBatchGramianWeighting):
    def weights(self, gramian):
        return tf.ones([self.num_tasks])


class Keeps(Signs):
    def setup_parameters(self, size):
        self.state = self.add_weight(shape=(size,), trainable=False)


@pytest.mark.parametrize(
    ("weighting", "jacobian", "message"),
    [
        ("equal", mtl.Jacobian(), "needs a weighting that looks at gradients"),
        (None, mtl.Jacobian(), "needs a weighting that looks at gradients"),
        (Two(), mtl.Jacobian(at="features"), "compares two halves"),
        (Signs(), mtl.Jacobian(every=2), "gives a direction, not weights"),
        (Keeps(), mtl.Jacobian(at="features"), "its state is per parameter"),
    ],
)
def test_what_does_not_go_together_is_refused(weighting, jacobian, message):
    with pytest.raises(ValueError, match=message):
        build().compile("sgd", LOSSES, weighting=weighting, jacobian=jacobian)


def test_features_that_the_tasks_do_not_have_in_common_are_refused():
    x, z = keras.Input((4,), name="x"), keras.Input((4,), name="z")
    trunk = keras.layers.Dense(3, name="trunk")
    outputs = {
        "a": keras.layers.Dense(3, name="a")(trunk(x)),
        "b": keras.layers.Dense(2, name="b")(trunk(z)),
    }
    model = mtl.MultiTaskModel({"x": x, "z": z}, outputs)
    with pytest.raises(ValueError, match="have no tensor in common"):
        model.compile("sgd", LOSSES, weighting="mgda", jacobian=mtl.Jacobian(at="features"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"at": "feature"}, "Did you mean 'features'"),
        ({"every": 0}, "`every` must be a whole number >= 1"),
        ({"fraction": 0.0}, "`fraction` must be > 0"),
        ({"fraction": 1.5}, "`fraction` must be > 0"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        mtl.Jacobian(**options)
