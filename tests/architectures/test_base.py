import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from mtl_keras import graph
from mtl_keras.architectures import Architecture, hard_sharing

from . import toy


def numpy(outputs):
    return {task: np.array(value) for task, value in outputs.items()}


def randomise(model):
    """Gives the variables random values, but for normalisations, which stay equal."""
    random = np.random.default_rng(0)
    for variable in model.trainable_variables:
        if not variable.path.endswith(("gamma", "beta")):
            variable.assign(random.normal(0, 0.5, variable.shape))


@pytest.mark.parametrize("name", toy.NAMES)
def test_the_same_picture_for_each_task_is_one_common_input(name):
    architecture = toy.make(name)
    common = toy.features(architecture, shapes=[(6, 6, 1)])
    each = toy.features(architecture, "each", shapes=[(6, 6, 1), (6, 6, 1)])
    randomise(common)
    value = np.random.default_rng(0).random((4, 6, 6, 1), np.float32)
    wanted = numpy(common({"x": value}))
    found = numpy(each({"zeta_x": value, "alpha_x": value}))
    for task in toy.TASKS:
        np.testing.assert_allclose(found[task], wanted[task], rtol=0, atol=1e-6)
    other = numpy(each({"zeta_x": value, "alpha_x": value[::-1]}))
    np.testing.assert_array_equal(other["zeta"], found["zeta"])
    assert np.abs(other["alpha"] - found["alpha"]).max() > 1e-4


def tape_owners(model):
    """Returns dict path -> tasks whose output has a gradient there, by a backward pass each."""
    inputs, variables = toy.pictures(model), model.trainable_variables
    with tf.GradientTape(persistent=True) as tape:
        outputs = model(inputs, training=True)
    owners = {v.path: set() for v in variables}
    for task in toy.TASKS:
        for variable, gradient in zip(variables, tape.gradient(outputs[task], variables)):
            if gradient is not None:
                owners[variable.path].add(task)
    return owners


ALL = set(toy.TASKS)
SHARED = {
    "hard_sharing": {"trunk_": ALL},
    "cross_stitch": {"first": ALL, "stitch1": ALL, "zeta_second": {"zeta"}},
    "mmoe": {"expert": ALL, "gates_zeta": {"zeta"}},
    "cgc": {"shared1": ALL, "zeta1": {"zeta"}, "gates_zeta": {"zeta"}},
    "ple": {
        "first": ALL,
        "shared1": ALL,
        "zeta1_second": {"zeta"},
        "level_1_shared": ALL,
        "level_1_zeta": {"zeta"},
        "level_2_zeta": {"zeta"},
    },
    "mtan": {
        "trunk_": ALL,
        "mtan_f": ALL,
        "zeta_g": {"zeta"},
        "zeta_h": {"zeta"},
        "zeta_f2_bn": {"zeta"},
    },
    "dselect_k": {"expert": ALL, "gates_zeta": {"zeta"}},
    "ltb": {"node": ALL, "branch": ALL},
}
"""What the table of the anchors says: part of a path -> the tasks that reach it."""


PRIVATE = {
    "first1": {"zeta"},
    "first3": {"alpha"},
    "level_1_shared_64": {"zeta"},
    "level_1_shared_192": {"alpha"},
}
"""Stems and gates of pictures with 1 and with 3 channels, where each task has its own."""


@pytest.mark.parametrize("inputs", ["one", "each"])
@pytest.mark.parametrize("name", toy.NAMES)
def test_which_variables_are_shared(name, inputs):
    """Pictures of other sizes and channels share all but stems and gates."""
    model = toy.model(name, inputs)
    found = {v.path: owners for v, owners in graph.reach(model, toy.TASKS).trainable}
    assert found == tape_owners(model)
    expected = SHARED[name] | {"zeta/": {"zeta"}}
    expected |= {k.replace("zeta", "alpha"): {"alpha"} for k, v in expected.items() if v != ALL}
    for path, owners in found.items():
        keys = [key for key in PRIVATE if key in path] if inputs == "each" else []
        owner = PRIVATE[keys[0]] if keys else None
        keys = [key for key in expected if key in path]
        assert keys, path
        assert owners == (owner or expected[max(keys, key=len)]), path
    assert all(any(key in path for path in found) for key in expected)


@pytest.mark.parametrize("name", toy.NAMES)
def test_a_trunk_of_one_stage_or_a_plain_layer(name):
    def build(trunk):
        options = {"levels": 1} if name == "ple" else {}
        return toy.make(name, trunk, **options)(keras.Input((3,)))

    if name == "cross_stitch":
        with pytest.raises(ValueError, match=r"two stages or more.*a trunk of one stage"):
            build(toy.dense)
    else:
        for trunk in (toy.dense, lambda name: layers.Dense(2, name=name)):
            assert build(trunk)["alpha"].shape == (None, 2)


@pytest.mark.parametrize("name", toy.NAMES)
def test_one_task(name):
    architecture = toy.make(name)
    alone = type(architecture)(toy.tiny, ["zeta"])
    model = toy.features(alone)
    assert list(model.output) == ["zeta"]
    assert np.isfinite(model(toy.pictures(model))["zeta"]).all()


def test_tasks_of_one_tensor_share_the_run():
    class Runs(Architecture):
        def connect(self, x, tasks):
            runs.append(tasks)
            return dict.fromkeys(tasks, x)

    runs = []
    x, y = keras.Input((2,)), keras.Input((3,))
    found = Runs(toy.dense, ["a", "b", "c"], "runs")({"a": x, "c": x, "b": y})
    assert runs == [["a", "c"], ["b"]]
    assert list(found) == ["a", "b", "c"]


@pytest.mark.parametrize("tasks", ["digits", [], ["a", "a"]])
def test_tasks_must_be_different_names(tasks):
    with pytest.raises(ValueError, match="`tasks` must be a list of different names"):
        hard_sharing(toy.tiny, tasks)


def test_inputs_must_be_those_of_the_tasks():
    share, x = hard_sharing(toy.dense, ["digits", "topics"]), keras.Input((2,))
    with pytest.raises(ValueError, match=r"Unknown task in inputs 'digts'. Did you mean 'digits'"):
        share({"digts": x, "topics": x})
    with pytest.raises(ValueError, match="Task 'topics' has no input"):
        share({"digits": x})


def test_copies_must_be_copies():
    trunk = toy.tiny("mmoe_expert1")
    for make in (lambda name: trunk, lambda name: toy.tiny("tiny")):
        with pytest.raises(ValueError, match="`make` must return a new trunk of the given name"):
            toy.make("mmoe", make)(keras.Input((6, 6, 1)))


def test_an_architecture_must_connect():
    with pytest.raises(NotImplementedError, match="Architecture must implement connect"):
        Architecture(toy.tiny, ["a"], "bare")(keras.Input((2,)))
