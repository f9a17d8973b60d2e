import keras
import numpy as np
import pytest

from mtl_keras.fusion import Fusion, Part, concatenate_fusion, gated_fusion
from mtl_keras.fusion.base import everywhere, tokens

from .fusion_cases import FUSIONS


@pytest.mark.parametrize("build", FUSIONS.values(), ids=FUSIONS)
def test_lists_dicts_and_any_number_of_parts(build):
    image, text, sound = (keras.Input((size,)) for size in (6, 5, 3))
    assert build(width=8)([image, text]).shape == (None, 8)
    assert build(width=8)({"image": image, "text": text, "sound": sound}).shape == (None, 8)
    with pytest.raises(ValueError, match=r"two or more parts\. Received: \['0'\]"):
        build()([image])
    with pytest.raises(ValueError, match=r"`modality_dropout` must be in \[0, 1\)"):
        build(modality_dropout=1.0)


def test_a_second_call_shares_the_layers():
    x, y, z = (keras.Input((4,)) for _ in range(3))
    fuse = concatenate_fusion(8)
    model = keras.Model([x, y, z], [fuse([x, y]), fuse([x, z])])
    names = [layer.name for layer in model.layers]
    assert names.count("concatenate_fusion_dense") == 1
    a = np.random.default_rng(0).normal(size=(3, 2, 4)).astype("float32")
    first, second = model([a[0], a[1], a[1]])
    np.testing.assert_array_equal(first, second)


def test_pictures_must_be_pooled_first():
    with pytest.raises(ValueError, match=r"Part 'image' of gated_fusion must be features.*\(None,"):
        gated_fusion()({"image": keras.Input((4, 4, 8)), "text": keras.Input((8,))})


def test_modality_dropout_also_takes_parts_that_are_always_there():
    x, y = keras.Input((4,)), keras.Input((4,))
    model = keras.Model([x, y], concatenate_fusion(8, modality_dropout=0.5)([x, y]))
    rows = [np.ones((60, 4), "float32") * np.arange(4, dtype="float32")] * 2

    def different(training):
        return len(np.unique(np.round(model(rows, training=training), 3), axis=0))

    assert different(training=True) == 3
    assert different(training=False) == 1


def test_everywhere_and_tokens():
    for shape, count in (((5,), 1), ((3, 5), 3), ((2, 3, 5), 6)):
        x = keras.Input(shape)
        found = tokens(x)
        assert found.shape[2] == 5
        model = keras.Model(x, [everywhere(x), found])
        present, found = model(np.zeros((2, *shape), "float32"))
        assert np.array(present).tolist() == [True, True]
        assert found.shape == (2, count, 5)


def test_a_fusion_without_connect():
    with pytest.raises(NotImplementedError, match="Fusion must implement connect"):
        Fusion(4, 0.0, "f")([Part(keras.Input((4,))), keras.Input((4,))])
