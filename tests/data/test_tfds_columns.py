import types

import numpy as np
import pytest

from mtl_keras.data import Source, tfds_columns


@pytest.fixture
def kinds():
    import tensorflow_datasets as tfds

    return tfds.features


def builder(supervised_keys=None, name="some_set"):
    return types.SimpleNamespace(
        name=name, info=types.SimpleNamespace(supervised_keys=supervised_keys)
    )


def test_kinds(kinds):
    expected = {
        "image": kinds.Image(shape=(8, 8, 3)),
        "text": kinds.Text(),
        "class": kinds.ClassLabel(num_classes=3),
        "classes": kinds.Sequence(kinds.ClassLabel(num_classes=3)),
        "flag": kinds.Scalar(np.bool_),
        None: kinds.Scalar(np.int64),
    }
    assert {tfds_columns.kind(feature) for feature in expected.values()} == set(expected)
    assert all(tfds_columns.kind(feature) == kind for kind, feature in expected.items())


def test_what_is_declared_goes_before_what_is_there(kinds):
    features = {
        "a": kinds.Image(shape=(8, 8, 3)),
        "b": kinds.Image(shape=(8, 8, 3)),
        "c": kinds.Text(),
        "id": kinds.Text(),
    }
    source = Source("x")
    assert tfds_columns.inputs(source, builder(("b", "label")), features) == {"image": ("b",)}
    with pytest.raises(ValueError, match=r"must name its columns by `image=` or `text=`"):
        tfds_columns.inputs(source, builder(), features)
    both = Source("x", image="a", text="c")
    assert tfds_columns.inputs(both, builder(), features) == {"image": ("a",), "text": ("c",)}
    texts = {key: features[key] for key in ("c", "id")}
    assert tfds_columns.inputs(source, builder(), texts) == {"text": ("c",)}
    with pytest.raises(ValueError, match=r"Unknown column of 'x' 'd'"):
        tfds_columns.inputs(Source("x", text="d"), builder(), features)


def test_labels(kinds):
    def find(features, labels=None, keys=None):
        return tfds_columns.labels(Source("x", labels=labels), builder(keys), features)

    label, flag = kinds.ClassLabel(num_classes=3), kinds.Scalar(np.bool_)
    assert find({"y": label, "f": flag}) == {"y": ("y",)}
    assert find({"y": label, "z": label}, keys=("x", "z")) == {"z": ("z",)}
    assert find({"f": flag, "g": flag}) == {"labels": ("f", "g")}
    with pytest.raises(ValueError, match=r"no class labels"):
        find({"t": kinds.Text()})
    with pytest.raises(ValueError, match=r"Unknown label column of 'x' 'y'"):
        find({"y": label, "f": flag}, ("y", "f"))


def test_pictures_must_be_of_8_bits(kinds):
    features = {"a": kinds.Image(shape=(8, 8, 1), dtype=np.uint16)}
    with pytest.raises(ValueError, match=r"must hold 8-bit pictures"):
        tfds_columns.inputs(Source("x"), builder(), features)
