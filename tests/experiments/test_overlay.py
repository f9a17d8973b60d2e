import hashlib

import numpy as np
import pytest
from PIL import Image

from mtl_keras.experiments import overlay


def digits(rows, seed):
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (rows, 28, 28), "uint8"), random.integers(0, 10, rows, "int32")


def pillow(left, right):
    """As the published code does it: maximum, then `NEAREST`."""
    canvas = np.zeros((2, 36, 36), "uint8")
    canvas[0, 0:28, 0:28], canvas[1, 6:34, 6:34] = left, right
    return np.asarray(Image.fromarray(canvas.max(axis=0)).resize((28, 28), Image.NEAREST))


@pytest.fixture(scope="module")
def made():
    source = {"train": digits(60_000, 0), "test": digits(10_000, 1)}
    return source, overlay.multi_mnist(source)


def test_multi_mnist_is_the_published_recipe(made):
    source, splits = made
    drawn = {  # first right digits, from the published code's generator
        "train": (0, [33003, 12172, 5192, 32511, 43723, 7813]),
        "validation": (50_000, [54490, 59291, 53153, 57161, 51654, 59287]),
        "test": (0, [676, 4492, 967, 6946, 6525, 7645]),
    }
    for split, (first, rights) in drawn.items():
        pictures, labels = source["test" if split == "test" else "train"]
        for row, right in enumerate(rights):
            wanted = pillow(pictures[first + row], pictures[right])
            np.testing.assert_array_equal(splits[split][0][row, ..., 0], wanted)
            assert splits[split][1]["left"][row] == labels[first + row]
            assert splits[split][1]["right"][row] == labels[right]
    assert {split: found[0].shape for split, found in splits.items()} == {
        "train": (50_000, 28, 28, 1),
        "validation": (10_000, 28, 28, 1),
        "test": (10_000, 28, 28, 1),
    }


def test_checksum_sees_every_pixel_and_label():
    pictures, labels = digits(6, 0)
    splits = {
        split: (pictures[..., None].copy(), {"left": labels.copy(), "right": labels.copy()})
        for split in ("validation", "test")
    }
    before = overlay.checksum(splits)
    assert overlay.checksum(splits) == before
    for array in (splits["test"][0][5, 3, 3], splits["validation"][1]["right"][:1]):
        array += 1
        assert overlay.checksum(splits) != before
        array -= 1


def test_original_positions_undo_the_order_of_the_writer():
    def key(row):
        return int(hashlib.md5(b"test" + str(row).encode()).hexdigest(), 16)

    written = sorted(range(300), key=key)
    positions = overlay.original_positions("test", 300)
    assert [written[position] for position in positions] == list(range(300))


def test_variants_pair_other_classes_of_the_same_split():
    source = {"train": digits(60_000, 0), "test": digits(10_000, 1)}
    pictures, labels = overlay._varied("validation", source, source)
    assert pictures.shape == (10_000, 36, 36, 1)
    assert (labels["left"] != labels["right"]).all()
    np.testing.assert_array_equal(labels["left"], source["train"][1][50_000:])
    # The first picture lies whole within the canvas, at most 4 pixels from the top left.
    first, canvas = source["train"][0][50_000], pictures[0, ..., 0]
    places = [(y, x) for y in range(5) for x in range(5)]
    assert any((canvas[y : y + 28, x : x + 28] >= first).all() for y, x in places)


def test_unknown_set():
    with pytest.raises(ValueError, match=r"fashon.*fashion"):
        overlay.overlaid("fashon")
