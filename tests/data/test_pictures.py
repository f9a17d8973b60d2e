import keras
import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf

from mtl_keras.data import pictures
from mtl_keras.data.pictures import Augmentation


def batch(n=6, height=9, width=7, channels=3, seed=0):
    shape = (n, height, width, channels)
    return np.random.RandomState(seed).randint(0, 256, shape, np.uint8)


def noise(n=6, seed=1):
    return np.random.RandomState(seed).uniform(size=(n, Augmentation.draws)).astype(np.float32)


def reference(picture, draws, augment):
    """One picture, step by step: pad, crop, mirror, turn, lighten."""
    height, width, channels = picture.shape
    c = augment.crop
    padded = np.pad(picture, ((c, c), (c, c), (0, 0)), mode="reflect")
    top, left = (int(d * (2 * c + 1)) for d in draws[:2])
    picture = padded[top : top + height, left : left + width]
    if augment.flip and draws[2] < 0.5:
        picture = picture[:, ::-1]
    picture = picture / 255
    if augment.rotation:
        angle = np.deg2rad((2 * draws[3] - 1) * augment.rotation)
        rows, columns = np.mgrid[:height, :width].astype(float)
        y, x = rows - (height - 1) / 2, columns - (width - 1) / 2
        from_x = np.cos(angle) * x - np.sin(angle) * y + (width - 1) / 2
        from_y = np.sin(angle) * x + np.cos(angle) * y + (height - 1) / 2
        turned = [
            scipy.ndimage.map_coordinates(
                picture[..., i], [from_y, from_x], order=1, mode="reflect"
            )
            for i in range(channels)
        ]
        picture = np.stack(turned, axis=-1)
    if augment.brightness:
        picture = np.clip(picture * (1 + (2 * draws[4] - 1) * augment.brightness), 0, 1)
    return picture


@pytest.mark.parametrize(
    "augment",
    [
        Augmentation(),
        Augmentation(crop=3),
        Augmentation(flip=True),
        Augmentation(crop=2, flip=True),
        Augmentation(rotation=30.0),
        Augmentation(brightness=0.5),
        Augmentation(crop=6, flip=True, rotation=180.0, brightness=1.0),
    ],
    ids=str,
)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_batch_is_what_its_pictures_are(augment, channels):
    images, draws = batch(channels=channels), noise()
    expected = np.stack([reference(p, d, augment) for p, d in zip(images, draws)])
    found = augment(tf.constant(images), tf.constant(draws))
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, expected, atol=2e-5)
    compiled = tf.function(augment.__call__)(tf.constant(images), tf.constant(draws))
    np.testing.assert_allclose(compiled, found, atol=1e-6)


@pytest.mark.parametrize("channels", [None, 2])
@pytest.mark.parametrize(
    "augment",
    [Augmentation(crop=3), Augmentation(crop=2, flip=True, brightness=1.0), Augmentation()],
    ids=str,
)
def test_dense_targets_move_with_their_pictures(augment, channels):
    targets = np.random.RandomState(0).randint(-1, 4, (6, 9, 7, channels or 1)).astype("int32")
    draws = noise()
    moving = Augmentation(crop=augment.crop, flip=augment.flip)
    expected = np.stack([255 * reference(t, d, moving) for t, d in zip(targets, draws)])
    given = targets if channels else targets[..., 0]
    found = augment.move(tf.constant(given), tf.constant(draws))
    assert found.dtype == tf.int32
    np.testing.assert_array_equal(found, np.round(expected).reshape(given.shape))
    assert augment.moves == bool(augment.crop)


def test_dense_targets_turn_with_their_pictures():
    targets = np.random.RandomState(0).randint(-1, 4, (2, 6, 6)).astype("float32")
    targets[targets == -1] = np.nan
    augment = Augmentation(rotation=90)
    draws = np.full((2, 5), [[0, 0, 0, 0, 0]], np.float32)
    draws[1, 3] = 1  # a quarter to the left, and to the right
    found = augment.move(tf.constant(targets), tf.constant(draws)).numpy()
    turned = augment(tf.constant(np.uint8(np.nan_to_num(targets))[..., None]), tf.constant(draws))
    np.testing.assert_allclose(np.nan_to_num(found), 255 * turned.numpy()[..., 0], atol=1e-3)
    np.testing.assert_array_equal(found[0], np.rot90(targets[0], 3))
    np.testing.assert_array_equal(found[1], np.rot90(targets[1]))


def test_every_shift_and_both_sides_come_up_equally_often():
    picture = np.zeros((1, 7, 7, 1), np.uint8)
    picture[0, 3, 2] = 255
    draws = tf.random.stateless_uniform((6000, 5), seed=(0, 0))
    found = Augmentation(crop=1, flip=True)(np.repeat(picture, 6000, axis=0), draws)
    counts = found.numpy().sum(axis=0)[..., 0]
    # Rows 2 to 4; columns 1 to 3, or 3 to 5 mirrored. Four standard deviations are 150.
    np.testing.assert_allclose(counts.sum(axis=1), [0, 0, 2000, 2000, 2000, 0, 0], atol=150)
    np.testing.assert_allclose(counts.sum(axis=0), [0, 1000, 1000, 2000, 1000, 1000, 0], atol=150)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"crop": -1}, "`crop` must be a whole number"),
        ({"crop": 1.5}, "Received: crop=1.5"),
        ({"rotation": -1.0}, "`rotation` must be >= 0 degrees"),
        ({"brightness": 1.5}, "`brightness` must be between 0 and 1"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        Augmentation(**options)


def test_a_crop_as_large_as_the_picture_is_refused():
    with pytest.raises(ValueError, match=r"`crop` must be less than .* 9 x 7. Received: crop=7"):
        Augmentation(crop=7)(batch(), noise())


def test_pipeline_and_preprocessing_agree_to_the_bit():
    images = batch(height=32, width=32)
    layers = pictures.preprocess(32, 32, 3, name="objects_image")
    np.testing.assert_array_equal(layers(images), pictures.scale(tf.constant(images)))


def test_preprocessing_is_float32_under_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layers = pictures.preprocess(8, 8, 1, name="x")
    finally:
        keras.config.set_dtype_policy(before)
    assert layers(np.zeros((1, 16, 12, 1), np.uint8)).dtype == tf.float32


def save(path, picture):
    tf.io.write_file(str(path), tf.io.encode_png(picture))
    return str(path)


def test_files_are_read_as_they_are(tmp_path):
    images = batch()
    paths = [save(tmp_path / f"{i}.png", image) for i, image in enumerate(images)]
    np.testing.assert_array_equal(pictures.read_files(paths), images)


def test_grey_and_colour_together_become_colour_and_transparency_goes(tmp_path):
    grey, colour, clear = batch(1, channels=1)[0], batch(1)[0], batch(1, channels=4)[0]
    paths = [save(tmp_path / f"{i}.png", p) for i, p in enumerate((grey, colour, clear))]
    expected = [np.repeat(grey, 3, axis=-1), colour, clear[..., :3]]
    np.testing.assert_array_equal(pictures.read_files(paths), expected)
    assert pictures.read_files(paths[:1]).shape == (1, 9, 7, 1)


def test_different_sizes_need_a_size(tmp_path):
    paths = [save(tmp_path / "a.png", batch(1)[0]), save(tmp_path / "b.png", batch(1, 4, 4)[0])]
    with pytest.raises(
        ValueError, match=r"a.png' and .*b.png' have different sizes: .*image_size="
    ):
        pictures.read_files(paths)
    assert pictures.read_files(paths, (5, 6)).shape == (2, 5, 6, 3)


@pytest.mark.parametrize("content", [b"no picture", b""])
def test_an_unreadable_picture_is_named(tmp_path, content):
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"broken.png' cannot be read as a picture"):
        pictures.read_files([str(path)])
    with pytest.raises(ValueError, match=r"absent.png' cannot be read as a picture"):
        pictures.read_files([str(tmp_path / "absent.png")])
