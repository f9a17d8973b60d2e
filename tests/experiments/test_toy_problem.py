import json

import numpy as np
import pytest
import tensorflow as tf

import mtl_keras as mtl
from mtl_keras.experiments import toy_problem

ANCHORS = [  # point, losses, gradient of the first, gradient of the second
    ((-8.5, 7.5), (0.655236, 7.900798), (-0.028540, 0.000725), (-0.073992, 0.008739)),
    ((0.0, 0.0), (0.0, 0.0), (0.0, 1.085638), (0.0, 10.856381)),
    ((9.0, 9.0), (0.794395, 6.691495), (0.007141, 0.000196), (0.249938, 0.001652)),
    ((-7.5, -0.5), (0.038881, -4.754484), (-0.071026, -0.070940), (-0.024492, 9.160757)),
    ((9.0, -1.0), (-0.883106, 2.814293), (0.018485, 0.757920), (1.478775, -2.330037)),
]


@pytest.fixture
def eagerly():
    """Few steps are done before XLA has compiled them."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def at(point):
    return tf.constant(point, tf.float64)


@pytest.mark.parametrize(("point", "losses", "first", "second"), ANCHORS)
def test_losses_and_gradients(point, losses, first, second):
    found, rows = toy_problem.gradients(at(point))
    np.testing.assert_allclose(found, losses, atol=1e-6)
    np.testing.assert_allclose(rows, [first, second], atol=1e-6)


@pytest.mark.parametrize("scale", [0.1, 1.0])
def test_gradients_are_slopes(scale):
    for point in np.random.default_rng(0).uniform(-10, 10, (20, 2)):
        _, rows = toy_problem.gradients(at(point), scale)
        for axis in range(2):
            step = 1e-6 * np.eye(2)[axis]
            ends = [toy_problem.losses(at(point + sign * step), scale) for sign in (1, -1)]
            slope = (ends[0] - ends[1]) / 2e-6
            np.testing.assert_allclose(rows[:, axis], slope, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("scale", "point", "values"),
    [
        (0.1, (-63 / 11, -8.409404), (-0.379828, -19.827505)),
        (1.0, (0.0, -8.355110), (-15.091638, -15.091638)),
    ],
)
def test_minimum_of_the_sum(scale, point, values):
    found, rows = toy_problem.gradients(at(point), scale)
    np.testing.assert_allclose(found, values, atol=1e-6)
    np.testing.assert_allclose(tf.reduce_sum(rows, axis=0), 0, atol=1e-6)


def equal(a, b, c):
    return 1.0, 1.0


def mgda(a, b, c):
    w = np.clip((c - b) / (a + c - 2 * b), 0, 1)
    return w, 1 - w


def pcgrad(a, b, c):
    return (1 - b / a, 1 - b / c) if b < 0 else (1.0, 1.0)


def imtl_g(a, b, c):
    return np.sqrt([c, a]) / (np.sqrt(a) + np.sqrt(c))


def reference(weigh, start, steps):
    """Adam as PyTorch has it, in NumPy float64, with the closed form of a method."""
    x, mean, square = np.array(start), np.zeros(2), np.zeros(2)
    for count in range(1, steps + 1):
        first, second = toy_problem.gradients(at(x))[1].numpy()
        a, b, c = first @ first, first @ second, second @ second
        w1, w2 = weigh(a, b, c)
        way = w1 * first + w2 * second
        mean, square = 0.9 * mean + 0.1 * way, 0.999 * square + 0.001 * way**2
        root = np.sqrt(square / (1 - 0.999**count)) + 1e-8
        x = x - 1e-3 * mean / (1 - 0.9**count) / root
    return x


@pytest.mark.parametrize(
    ("name", "weigh"),
    [
        ("equal", equal),
        ("mgda", mgda),
        ("pcgrad", pcgrad),
        ("imtl_g", imtl_g),
    ],
)
def test_paths_are_those_of_the_closed_forms(name, weigh, eagerly):
    start = (9.0, -1.0)  # in conflict
    (path,) = toy_problem.walk(name, [start], steps=25)
    np.testing.assert_allclose(path[-1], reference(weigh, start, 25), atol=1e-6)


def test_pcgrad_is_twice_upgrad_at_each_step():
    methods = [mtl.weighting.get(name) for name in ("pcgrad", "upgrad")]
    for method in methods:
        method.build(["first", "second"])
    for point in np.random.default_rng(0).uniform(-10, 10, (10, 2)):
        ways = [toy_problem.direction(method, at(point)).numpy() for method in methods]
        np.testing.assert_allclose(ways[0], 2 * ways[1], rtol=1e-5)


def test_each_start_is_walked_afresh(eagerly):
    starts = [(9.0, -1.0), (0.0, 0.0)]
    famo, clip = toy_problem.METHODS["famo"]
    together = toy_problem.walk(famo, starts, steps=25, clip=clip)
    (alone,) = toy_problem.walk(famo, starts[1:], steps=25, clip=clip)
    np.testing.assert_array_equal(together[1], alone)
    assert not np.array_equal(alone[-1], alone[0])


def test_methods_that_give_a_direction(eagerly):
    (path,) = toy_problem.walk("graddrop", [(9.0, -1.0)], steps=25)
    assert np.isfinite(path).all()
    assert (np.abs(path[-1] - path[0]) > 1e-3).all()


def test_command_writes_json_and_picture(tmp_path):
    out, picture = tmp_path / "toy.json", tmp_path / "toy.png"
    options = ["--steps", "250", "--methods", "equal", "--out", str(out)]
    toy_problem.main([*options, "--plot", str(picture)])
    found = json.loads(out.read_text())
    assert found["configuration"]["steps"] == 250
    assert [tuple(run["start"]) for run in found["runs"]] == list(toy_problem.STARTS)
    assert [len(run["path"]) for run in found["runs"]] == [2] * 5
    before = out.stat().st_mtime_ns
    toy_problem.main(options)
    assert out.stat().st_mtime_ns == before
    assert picture.read_bytes().startswith(b"\x89PNG")
