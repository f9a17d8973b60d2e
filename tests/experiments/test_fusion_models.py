"""The models of the experiment on fusion."""

import numpy as np
import pytest

from mtl_keras.experiments import feature_fusion, fusion_models, plan

SETTINGS = {**plan.TRAINING, "width": 1, "network": "small"}


@pytest.fixture(scope="module")
def data():
    return feature_fusion.load(
        0, None, pictures="sample/drawings", examples=32, batch_size=32, source="sample/drawings"
    )


@pytest.mark.parametrize("features", [[name] for name in feature_fusion.FEATURES])
def test_each_feature_alone_answers_every_task(data, features):
    shown = data.only(*feature_fusion.TASKS)
    model = fusion_models.build({**SETTINGS, "features": features}, shown)
    assert model.tasks == feature_fusion.TASKS
    sizes = {task: output.shape[1:] for task, output in model.output.items()}
    assert sizes == {"objects": (10,), "coarse": (1,), "picture": (32, 32, 3)}


def test_all_features_join(data):
    settings = {**SETTINGS, "features": list(feature_fusion.FEATURES)}
    model = fusion_models.build(settings, data.only("objects"))
    names = {layer.name for layer in model.layers}
    assert {f"{name}_cnn_conv2" for name in feature_fusion.FEATURES} <= names


def test_a_trunk_moves_with_its_statistics(data):
    first, second = (
        fusion_models.on_trunk(SETTINGS, data.only(task)) for task in ("source", "objects")
    )
    fusion_models.move(first, second)
    moved = [n for n in (layer.name for layer in second.layers) if n.startswith("moved_")]
    for name in moved:
        pairs = zip(first.get_layer(name).get_weights(), second.get_layer(name).get_weights())
        assert all(np.array_equal(a, b) for a, b in pairs)
    assert any(second.get_layer(name).weights for name in moved)
