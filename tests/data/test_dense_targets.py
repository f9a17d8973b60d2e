import numpy as np
import pytest

from mtl_keras.data import Augmentation
from mtl_keras.data.arrays import table
from mtl_keras.data.dense_targets import dense_targets

FLIP = Augmentation(flip=True)


def rows(pictures=("image",), **labels):
    inputs = {key: np.zeros((3, 4, 6, 1), "uint8") for key in pictures}
    return table("scenes", ({**inputs, "text": np.ones((3, 5), int)}, labels))


PARTS, DEPTH = np.zeros((3, 4, 6), int), np.zeros((3, 4, 6, 2))


@pytest.mark.parametrize(
    ("augment", "expected"),
    [
        ({"image": FLIP}, {"parts": "image", "depth": "image"}),
        ({"image": Augmentation(crop=1)}, {"parts": "image", "depth": "image"}),
        ({"image": Augmentation(rotation=5)}, {"parts": "image", "depth": "image"}),
        ({"image": Augmentation(brightness=0.5)}, {}),
        ({}, {}),
    ],
)
def test_maps_move_and_other_labels_do_not(augment, expected):
    source = rows(parts=PARTS, kind=np.arange(3), depth=DEPTH, marks=np.zeros((3, 4)))
    assert dense_targets("scenes", source, augment) == expected


def test_sources_without_maps_may_have_several_pictures():
    assert dense_targets("scenes", rows(["a", "b"], kind=np.arange(3)), {"a": FLIP}) == {}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (rows(["image", "other"], parts=PARTS), "which of the pictures image, other .* 'parts'"),
        (
            rows(parts=np.zeros((3, 2, 3), int)),
            r"'parts'.*height and width, \(4, 6\).*\(3, 2, 3\)",
        ),
    ],
)
def test_maps_that_cannot_move(source, message):
    with pytest.raises(ValueError, match=message):
        dense_targets("scenes", source, {"image": FLIP})
