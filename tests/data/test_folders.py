import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.data import Source, sources


def save(path, value, size=(4, 5)):
    path.parent.mkdir(parents=True, exist_ok=True)
    tf.io.write_file(str(path), tf.io.encode_png(np.full((*size, 3), value, np.uint8)))


def fill(root, classes=("cat", "dog"), count=5):
    for label, name in enumerate(classes):
        for i in range(count):
            save(root / name / f"{i}.png", 100 * label + i)


def read(root, **options):
    return sources.read(Source(root, **options))


def test_a_folder_per_class(tmp_path):
    fill(tmp_path)
    found = read(tmp_path)
    assert found.class_names == {"label": ["cat", "dog"]}
    assert {k: len(v) for k, v in found.splits.items()} == {"train": 9, "test": 1}
    for split in found.splits.values():
        values = split.inputs["image"][:, 0, 0, 0]
        np.testing.assert_array_equal(split.labels["label"], values >= 100)
        assert split.inputs["image"].shape[1:] == (4, 5, 3)


def test_splits_on_top(tmp_path):
    for split, count in (("train", 3), ("val", 2), ("test", 1)):
        fill(tmp_path / split, count=count)
    (tmp_path / "test" / "cat" / "0.png").unlink()  # A class may be absent from a test split.
    splits = read(tmp_path).splits
    assert {k: len(v) for k, v in splits.items()} == {"train": 6, "validation": 4, "test": 1}
    np.testing.assert_array_equal(splits["test"].labels["label"], [1])


def test_a_class_may_be_called_train(tmp_path):
    fill(tmp_path, classes=("plane", "train"))
    assert read(tmp_path).class_names == {"label": ["plane", "train"]}


def test_different_sizes_need_a_size(tmp_path):
    fill(tmp_path)
    save(tmp_path / "cat" / "big.png", 7, size=(9, 9))
    with pytest.raises(ValueError, match=r"different sizes.*image_size="):
        read(tmp_path)
    images = read(tmp_path, image_size=(6, 6)).splits["train"].inputs["image"]
    assert (images.dtype, images.shape[1:]) == (np.uint8, (6, 6, 3))


def test_an_unreadable_picture_is_named(tmp_path):
    fill(tmp_path)
    (tmp_path / "dog" / "broken.jpg").write_bytes(b"\xff\xd8\xff no more")
    with pytest.raises(ValueError, match=r"broken.jpg' cannot be read as a picture"):
        read(tmp_path)


def test_bad_folders(tmp_path):
    with pytest.raises(ValueError, match=r"is empty: it must hold a sub-folder"):
        read(tmp_path)
    fill(tmp_path, classes=("cat",))
    with pytest.raises(ValueError, match=r"at least two classes. Received: cat"):
        read(tmp_path)
    with pytest.raises(ValueError, match=r"There is no folder"):
        read(tmp_path / "absent")
    with pytest.raises(ValueError, match=r"`text` and `image` name columns of a table"):
        read(tmp_path, text="body")


def test_a_class_that_training_does_not_have(tmp_path):
    fill(tmp_path / "train")
    fill(tmp_path / "test", classes=("cat", "dgo"))
    with pytest.raises(ValueError, match=r"Unknown class in .*'dgo'. Did you mean 'dog'"):
        read(tmp_path)
