import keras
import numpy as np
import pytest

import mtl_keras as mtl
from mtl_keras.heads import dense
from mtl_keras.trunks import unet
from tests.trunks.trunk_cases import counts


def test_counts():
    head = keras.layers.Conv2D(1, 1)
    assert counts(unet(width=16, depth=2), (28, 28, 1), head) == (117_713, 18.99)
    head = keras.layers.Conv2D(1, 1)
    assert counts(unet(width=32, depth=3), (128, 128, 3), head) == (1_929_825, 2305)


def test_the_map_has_the_size_of_the_picture():
    x = keras.Input((None, None, 1))
    model = keras.Model(x, unet(width=1, depth=3)(x))
    for size in ((8, 8), (9, 15), (28, 31)):
        assert model(np.zeros((2, *size, 1))).shape == (2, *size, 1)


def test_a_dense_and_a_classification_task_share_the_way_down():
    x, trunk = keras.Input((12, 12, 1), name="image"), unet(width=2, depth=1)
    parts = dense(2, (12, 12), name="parts")
    pooled = keras.layers.GlobalAveragePooling2D()(trunk.bottom(x))
    outputs = {"parts": parts(trunk(x)), "kind": keras.layers.Dense(3)(pooled)}
    model = mtl.MultiTaskModel(x, outputs)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", {"parts": parts.loss, "kind": loss}, run_eagerly=True)
    kernels = {v.path.split("/")[0] for v in model.reach.shared if v.name == "kernel"}
    down = ["stem1", "down0_conv2", "down1_conv1", "down1_conv2"]
    assert kernels == {f"unet_{name}" for name in down}
    random = np.random.default_rng(0)
    pictures = random.random((8, 12, 12, 1), np.float32)
    labels = {"parts": (pictures[..., 0] > 0.5).astype("int32"), "kind": np.arange(8) % 3}
    logs = model.train_on_batch(pictures, labels, return_dict=True)
    assert np.isfinite(logs["loss"])


def test_too_small_a_picture():
    with pytest.raises(ValueError, match=r"needs 16 pixels each way\. Received: \(12, 28\)"):
        unet(width=1)(keras.Input((12, 28, 1)))
