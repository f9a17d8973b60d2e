"""Every trunk x picture size up to 224x224x3, beside 28x28x1, and the families of networks."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax

from mtl_keras.evaluation.cost import cost
from mtl_keras.trunks import application
from tests.full.kept import Kept
from tests.trunks.trunk_cases import SMALLEST, smallest, two_inputs

pytestmark = pytest.mark.full

KEPT = Kept("trunks", "trunks")
SHAPES = [(28, 28, 1), (32, 32, 3), (33, 47, 3), (96, 96, 3), (224, 224, 3)]
CASES = [(name, shape, "float32") for name in SMALLEST for shape in SHAPES]
CASES += [(name, (32, 32, 3), "mixed_float16") for name in SMALLEST]
# Parameters without the classes, where `keras.applications` or a paper states them.
NETWORKS = {
    "ConvNeXtTiny": None,
    "DenseNet121": None,
    "EfficientNetB0": 4_049_571,
    "EfficientNetV2B0": 5_919_312,
    "InceptionResNetV2": None,
    "InceptionV3": 21_802_784,
    "MobileNet": 3_228_864,
    "MobileNetV2": 2_257_984,
    "MobileNetV3Small": None,
    "NASNetMobile": None,
    "ResNet50": 23_587_712,
    "ResNet50V2": 23_564_800,
    "VGG16": 14_714_688,
    "VGG19": 20_024_384,
    "Xception": None,
}


@pytest.fixture
def policy():
    """A function that sets the precision until the test ends."""
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


def written(value):
    return "x".join(map(str, value)) if isinstance(value, tuple) else value


@pytest.mark.parametrize(("name", "shape", "precision"), CASES, ids=written)
def test_trains_compiled_saves_and_exports(name, shape, precision, policy, tmp_path):
    case = f"{name} {written(shape)} {precision}"
    if case in KEPT:
        return
    policy(precision)
    shapes = {"small": (28, 28, 1), "other": shape}
    model = two_inputs(smallest(name), shapes)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, jit_compile=True)
    random = np.random.default_rng(0)
    raw = {key: random.integers(0, 256, (4, *sides), np.uint8) for key, sides in shapes.items()}
    pictures = {f"{key}_image": value.astype("float32") / 255 for key, value in raw.items()}
    history = model.fit(pictures, {key: np.arange(4) % 2 for key in shapes}, epochs=2, verbose=0)
    assert all(np.isfinite(value).all() for value in history.history.values())
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    wanted, found = (each.predict(pictures, verbose=0) for each in (model, again))
    assert all(np.array_equal(found[task], wanted[task]) for task in shapes)
    model.export(tmp_path / "export")
    served = tf.saved_model.load(tmp_path / "export").signatures
    differences = [
        np.abs(
            served[task](image=tf.constant(raw[task]))["probabilities"]
            - softmax(wanted[task].astype("float32"), axis=-1)
        ).max()
        for task in shapes
    ]
    # The prediction is compiled by XLA, the export is not.
    assert max(differences) < (5e-5 if precision == "float32" else 5e-3)
    found = cost(model)
    KEPT.add(case, {"parameters": found.parameters, "multiply_adds": found.flops // 2})


@pytest.mark.parametrize("network", NETWORKS)
def test_networks_of_keras_applications(network, tmp_path):
    if network in KEPT:
        return
    model = two_inputs(application(network, batch_norm="frozen"))
    heads = sum(model.get_layer(task).count_params() for task in model.tasks)
    if NETWORKS[network]:
        assert model.count_params() - heads == NETWORKS[network]
    random = np.random.default_rng(0)
    pictures = {x.name: random.random((2, *x.shape[1:]), np.float32) for x in model.inputs}
    wanted = model(pictures, training=True)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")(pictures)
    differences = [float(np.abs(again[task] - wanted[task]).max()) for task in model.tasks]
    assert max(differences) == 0
    KEPT.add(network, {"parameters": model.count_params() - heads})
