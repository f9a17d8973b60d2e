import keras
import numpy as np
import pytest

import mtl_keras as mtl
from mtl_keras.trunks import conv_trunk


def two_sources(width=4, **options):
    """A model of grey 8x8 and colour 12x10 pictures over one trunk."""
    keras.utils.set_random_seed(0)
    grey, colour = keras.Input((8, 8, 1), name="grey"), keras.Input((12, 10, 3), name="colour")
    trunk = conv_trunk(width, **options)
    outputs = {
        name: keras.layers.Dense(2, name=name)(trunk(x))
        for name, x in (("small", grey), ("large", colour))
    }
    return mtl.MultiTaskModel({"grey": grey, "colour": colour}, outputs)


def pictures(rows, seed=0):
    """Class 1 is brighter at the top; the sources differ by a factor of 1000 in contrast."""
    random = np.random.default_rng(seed)
    labels = {name: random.integers(0, 2, rows) for name in ("small", "large")}
    grey = random.normal(1, 0.3, (rows, 8, 8, 1))
    grey[:, :4] += 0.6 * labels["small"][:, None, None, None]
    colour = random.normal(0.8, 0.3, (rows, 12, 10, 3))
    colour[:, :6] -= 0.6 * labels["large"][:, None, None, None]
    return {"grey": 0.01 * grey.astype("float32"), "colour": 10 * colour.astype("float32")}, labels


def test_kernels_are_shared_and_batch_normalisation_is_private():
    model = two_sources()
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    shared = {v.path for v in model.reach.shared}
    owners = {v.path: task for task, own in model.reach.own.items() for v in own}
    stems = {"conv_trunk_stem1/kernel": "small", "conv_trunk_stem3/kernel": "large"}
    kernels = {v.path for v in model.trainable_variables if "conv_trunk" in v.path}
    kernels = {path for path in kernels if path.endswith("kernel")}
    assert len(kernels) == 2 + 3 + 4
    assert shared == kernels - stems.keys()
    assert {path: owners[path] for path in stems} == stems
    scales = [path for path in owners if path.endswith(("gamma", "beta"))]
    assert len(scales) == 2 * 2 * 8
    assert {owners[path] for path in scales} == {"small", "large"}
    for variable, tasks in model.reach.statistics:
        assert tasks == ({"large"} if "_bn_1/" in variable.path else {"small"})


def test_moving_statistics_are_those_of_a_model_of_its_own():
    """What the other source shows has no influence on them."""
    joint, (inputs, _) = two_sources(), pictures(16)
    alone = two_sources()
    for _ in range(2):
        joint(inputs, training=True)
        alone({**inputs, "colour": 9 * inputs["colour"]}, training=True)
    pairs = [
        (a, b)
        for a, b in zip(joint.non_trainable_variables, alone.non_trainable_variables)
        if "moving" in a.path
    ]
    private = [np.array_equal(a.numpy(), b.numpy()) for a, b in pairs if "_bn/" in a.path]
    other = [np.array_equal(a.numpy(), b.numpy()) for a, b in pairs if "_bn_1/" in a.path]
    assert len(private) == len(other) == 16
    assert all(private)
    assert not any(other)


@pytest.mark.full
def test_inference_agrees_with_batch_statistics_after_training_on_two_sources():
    """One batch normalisation over both would be right with batch statistics only."""
    model = two_sources(width=2, pooling="avg")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.003), loss, metrics="accuracy", jit_compile=False)
    inputs, labels = pictures(192)
    model.fit(inputs, labels, batch_size=16, epochs=6, verbose=0)
    inputs, labels = pictures(64, seed=1)
    logs = model.evaluate(inputs, labels, verbose=0, return_dict=True)
    outputs = model(inputs, training=True)
    for task in ("small", "large"):
        batch = (np.argmax(outputs[task], 1) == labels[task]).mean()
        assert batch > 0.9, task
        assert abs(logs[f"{task}_accuracy"] - batch) < 0.2, task


@pytest.mark.parametrize("pooling", ["max", "avg", None])
def test_any_height_and_width(pooling):
    trunk = conv_trunk(width=2, pooling=pooling)
    anything = keras.Input((None, None, 3))
    model = keras.Model(anything, trunk(anything))
    for height, width in ((1, 1), (5, 9), (32, 32)):
        found = model(np.zeros((2, height, width, 3), "float32")).shape
        cells = [max(1, -(-side // 8)) for side in (height, width)]
        assert tuple(found) == ((2, *cells, 16) if pooling is None else (2, 16))


def test_the_shape_that_the_docstring_promises():
    x = keras.Input((32, 32, 3))
    model = keras.Model(x, conv_trunk(width=16)(x))
    assert model.output.shape == (None, 128)
    assert round(model.count_params() / 1e6, 2) == 0.41
    multiply_adds = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            _, height, width, _ = layer.output.shape
            multiply_adds += height * width * int(np.prod(layer.kernel.shape))
    assert round(multiply_adds / 1e6) == 24


def test_dropout_is_on_the_features():
    x = keras.Input((8, 8, 1))
    model = keras.Model(x, conv_trunk(width=2, dropout=0.5)(x))
    assert isinstance(model.layers[-1], keras.layers.Dropout)
    assert model.layers[-1].rate == 0.5


def test_an_unknown_pooling():
    with pytest.raises(ValueError, match=r"must be 'max', 'avg' or None\. Received: pooling='min'"):
        conv_trunk(pooling="min")
