import numpy as np
import pytest

from mtl_keras.data.samples import drawings


@pytest.fixture(scope="module")
def parts(sample):
    return [(x["image"], y["label"]) for x, y in map(sample("drawings").get, ("train", "test"))]


def test_each_shape_as_often(parts):
    for _, labels in parts:
        assert len(set(np.bincount(labels).tolist())) == 1


def test_a_linear_model_stays_under_70_percent(parts):
    linear_model = pytest.importorskip("sklearn.linear_model")

    def pixels(images):
        return images.reshape(-1, 16, 2, 16, 2, 3).mean((2, 4)).reshape(len(images), -1) / 255

    (x, y), (x_test, y_test) = parts
    model = linear_model.LogisticRegression(C=1e-3, tol=1e-3).fit(pixels(x), y)
    assert 0.1 < model.score(pixels(x_test), y_test) < 0.4


def test_colours_tell_nothing_about_the_shape(parts):
    """Mean colour of a picture's brightest pixels, which are mostly the shape's."""
    linear_model = pytest.importorskip("sklearn.linear_model")

    def hue(images):
        flat = images.reshape(len(images), -1, 3) / 255
        brightest = flat.max(-1).argsort(1)[:, -30:]
        colour = np.take_along_axis(flat, brightest[..., None], 1).mean(1)
        return colour / colour.sum(1, keepdims=True)

    (x, y), (x_test, y_test) = parts
    model = linear_model.LogisticRegression().fit(hue(x), y)
    assert abs(model.score(hue(x_test), y_test) - 0.1) < 0.03


def test_what_varies_does_vary(parts):
    """Place and size, of what is clearly brighter than the background."""
    images, labels = parts[0]
    bright = images.max(-1) > 170
    area = bright.sum((1, 2))
    seen = area > 20
    columns = np.arange(32)
    middle = (bright.sum(1) * columns).sum(1)[seen] / area[seen]
    assert middle.std() > 3
    discs = area[seen & (labels == drawings.SHAPES.index("circle"))]
    assert np.percentile(discs, 90) > 1.8 * np.percentile(discs, 10)


def test_one_seed_one_picture():
    def picture(seed):
        return drawings.draw(np.arange(10), np.ones((10, 3)), np.random.default_rng(seed))

    np.testing.assert_array_equal(picture(5), picture(5))
    assert (picture(5) != picture(6)).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("rows", [1, 251])
def test_any_number_of_pictures(rows):
    images = drawings.draw(np.zeros(rows, int), np.ones((rows, 3)), np.random.default_rng(0))
    assert images.shape == (rows, 32, 32, 3)
    assert images.dtype == np.uint8


def test_rgb_is_the_usual_conversion():
    colorsys = pytest.importorskip("colorsys")
    hsv = np.random.default_rng(0).random((50, 3))
    expected = [colorsys.hsv_to_rgb(*row) for row in hsv]
    np.testing.assert_allclose(drawings.rgb(*hsv.T), expected, atol=1e-12)


def test_distance_to_a_polygon():
    """Against matplotlib's test for inside and a dense sampling of the edges."""
    path = pytest.importorskip("matplotlib.path")
    corners = drawings._mirrored((0, -1), (0.95, -0.1), (0.65, -0.1), (0.65, 0.85))
    points = np.random.default_rng(0).uniform(-1.5, 1.5, (300, 2)).astype("float32")
    distance = drawings._polygon(*corners)(*points.T)
    inside = path.Path(corners).contains_points(points)
    np.testing.assert_array_equal(distance < 0, inside)
    ring = np.array([*corners, corners[0]])
    t = np.linspace(0, 1, 500)[:, None, None]
    edges = (ring[:-1] * (1 - t) + ring[1:] * t).reshape(-1, 2)
    nearest = np.linalg.norm(points[:, None] - edges, axis=-1).min(1)
    np.testing.assert_allclose(np.abs(distance), nearest, atol=5e-3)


def test_every_shape_covers_a_fair_part_of_its_square():
    y, x = np.mgrid[-1.2:1.2:120j, -1.2:1.2:120j].astype("float32")
    for name in drawings.SHAPES:
        inside = drawings._DISTANCES[name](x, y) < 0
        assert 0.1 < inside.mean() < 0.5, name
        edge = np.concatenate([inside[:5].ravel(), inside[-5:].ravel()])
        assert not edge.any(), name
