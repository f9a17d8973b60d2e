import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.data.samples import canvas_digits


def boxes(labels):
    return np.stack([labels[side] for side in canvas_digits.SIDES], axis=1)


def overlap(a, b):
    """Intersection over union of boxes."""
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    shared = np.clip(high - low, 0, None).prod(1)
    area = [np.clip(box[:, 2:] - box[:, :2], 0, None).prod(1) for box in (a, b)]
    return shared / (area[0] + area[1] - shared)


def coarse(images):
    """Means of 4x4 pixels, in a row."""
    return images.reshape(-1, 16, 4, 16, 4).mean((2, 4)).reshape(len(images), -1) / 255


def test_boxes_lie_within_the_canvas_and_vary(sample):
    box = boxes(sample("canvas_digits")["train"][1])
    assert box.min() == 0
    assert box.max() == canvas_digits.SIZE
    sides = box[:, 2:] - box[:, :2]
    assert sides.min() >= 4
    assert sides.max() <= canvas_digits._LARGEST
    centres = (box[:, 2:] + box[:, :2]) / 2
    assert centres.std(0).min() > 9


def test_the_box_holds_ink_up_to_its_edges(sample):
    inputs, labels = sample("canvas_digits")["test"]
    for image, (top, left, bottom, right) in zip(inputs["image"][:200, ..., 0], boxes(labels)):
        part = image[top:bottom, left:right] > 60
        assert part[0].any()
        assert part[-1].any()
        assert part[:, 0].any()
        assert part[:, -1].any()


def test_scraps_have_as_much_ink_as_the_digit(sample):
    inputs, labels = sample("canvas_digits")["test"]
    images = inputs["image"][..., 0].astype(float)
    inside = sum(i[t:b, x:r].sum() for i, (t, x, b, r) in zip(images, boxes(labels)))
    assert 0.3 < inside / images.sum() < 0.7


def test_a_linear_model_finds_neither_digit_nor_box(sample):
    linear_model = pytest.importorskip("sklearn.linear_model")
    (x, y), (x_test, y_test) = (sample("canvas_digits")[part] for part in ("train", "test"))
    model = linear_model.Ridge().fit(coarse(x["image"]), boxes(y))
    assert overlap(model.predict(coarse(x_test["image"])), boxes(y_test)).mean() < 0.45
    model = linear_model.RidgeClassifier().fit(coarse(x["image"]), y["label"])
    assert model.score(coarse(x_test["image"]), y_test["label"]) < 0.25


def test_resized_is_bilinear_between_the_middles_of_pixels():
    picture = np.random.default_rng(0).random((28, 28)).astype("float32")
    for side in (16, 32, 45):
        expected = tf.image.resize(picture[..., None], (side, side))[..., 0]
        np.testing.assert_allclose(canvas_digits._resized(picture, side), expected, atol=1e-5)
