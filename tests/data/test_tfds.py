import warnings

import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.data import Source, sources, tfds, tfds_builder


@pytest.fixture
def few(monkeypatch):
    """Reads a few rows of every split only."""
    every = tfds._split_names
    monkeypatch.setattr(tfds_builder, "OFFICIAL_TRAIN", {})
    monkeypatch.setattr(
        tfds, "_split_names", lambda *args: {k: f"{v}[:60]" for k, v in every(*args).items()}
    )


def test_pictures_are_what_tfds_gives(tfds_dir, few):
    import tensorflow_datasets

    folder = tfds_dir("mnist")
    found = sources.read("mnist", folder)
    assert {k: len(v) for k, v in found.splits.items()} == {"train": 60, "test": 60}
    assert found.class_names == {"label": [str(i) for i in range(10)]}
    plain = tensorflow_datasets.load("mnist", split="test[:50]", data_dir=folder, download=False)
    for row, example in enumerate(plain.as_numpy_iterator()):
        np.testing.assert_array_equal(found.splits["test"].inputs["image"][row], example["image"])
        assert found.splits["test"].labels["label"][row] == example["label"]


def test_pictures_are_resized_when_read(tfds_dir, few):
    found = sources.read(Source("mnist", image_size=(14, 10)), tfds_dir("mnist"))
    images = found.splits["train"].inputs["image"]
    assert (images.dtype, images.shape) == (np.uint8, (60, 14, 10, 1))


def test_a_news_text_is_title_and_description_and_a_partial_copy_says_so(tfds_dir):
    folder = tfds_dir("ag_news_subset")
    tfds._warn_partial.cache_clear()
    with pytest.warns(UserWarning, match=r"holds 19,995 training examples here; .* 120,000"):
        found = sources.read("ag_news_subset", folder)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Once is enough.
        sources.read("ag_news_subset", folder)
    assert found.official_train == 120_000
    import tensorflow_datasets

    plain = tensorflow_datasets.load("ag_news_subset", split="test[:5]", data_dir=folder)
    for row, example in enumerate(plain.as_numpy_iterator()):
        text = f"{example['title'].decode()} {example['description'].decode()}"
        assert found.splits["test"].inputs["text"][row] == text


def test_two_label_columns(tfds_dir, few):
    folder = tfds_dir("trec")
    labels = {"coarse": "label-coarse", "fine": "label-fine"}
    found = sources.read(Source("trec", labels=labels), folder)
    assert {k: len(v) for k, v in found.class_names.items()} == {
        "label-coarse": 6,
        "label-fine": 47,
    }
    with pytest.raises(ValueError, match=r"several label columns; .*label-coarse, label-fine"):
        sources.read("trec", folder)
    with pytest.raises(ValueError, match=r"Unknown label column of 'trec' 'label-corse'"):
        sources.read(Source("trec", labels="label-corse"), folder)


def test_yes_no_columns_are_several_labels(tfds_dir, few):
    folder = tfds_dir("goemotions")
    found = sources.read("goemotions", folder)
    labels = found.splits["test"].labels["labels"]
    assert (labels.dtype, labels.shape) == (np.float32, (60, 28))
    assert labels.sum(axis=1).min() >= 1
    assert found.class_names["labels"][:2] == ["admiration", "amusement"]
    some = Source("goemotions", labels={"mood": ["joy", "anger"], "joy": "joy"})
    found = sources.read(some, folder)
    assert found.class_names == {("joy", "anger"): ["joy", "anger"], "joy": ["no", "yes"]}
    test = found.splits["test"].labels
    np.testing.assert_array_equal(test[("joy", "anger")][:, 0], test["joy"])


def test_a_validation_split_is_kept(tfds_dir, few):
    found = sources.read("glue/sst2", tfds_dir("glue/sst2"))
    assert {k: len(v) for k, v in found.splits.items()} == dict.fromkeys(
        ("train", "validation", "test"), 60
    )
    assert list(found.splits["train"].inputs) == ["text"]


def test_a_set_of_every_other_kind(tmp_path):
    """One made here: nested features, class lists, pictures of any size, text not UTF-8."""
    import tensorflow_datasets

    names = tensorflow_datasets.features
    features = names.FeaturesDict(
        {
            "image": names.Image(shape=(None, None, 3)),
            "tags": names.Sequence(names.ClassLabel(names=["red", "green", "blue"])),
            "is": {"old": np.bool_, "big": np.bool_},
            "note": names.Text(),
        }
    )

    def examples(split):
        for i in range(6):
            size = (8, 8 + i, 3)
            yield {
                "image": np.full(size, 40 * i, np.uint8),
                "tags": [[], [0], [0, 2], [1], [2], [0, 1, 2]][i],
                "is": {"old": i % 2 == 0, "big": i > 2},
                "note": b"caf\xe9" if split == "test" else f"note {i}",
            }

    tensorflow_datasets.dataset_builders.store_as_tfds_dataset(
        name="own_set",
        version="1.0.0",
        data_dir=str(tmp_path),
        features=features,
        split_datasets={
            split: tf.data.Dataset.from_generator(
                lambda split=split: examples(split), output_signature=features.get_tensor_spec()
            )
            for split in ("train", "test")
        },
    )
    with pytest.raises(ValueError, match=r"different sizes.*image_size="):
        sources.read("own_set", tmp_path)
    own = Source("own_set", image_size=(8, 8), labels={"tags": "tags", "size": "is/big"})
    found = sources.read(own, tmp_path)
    train = found.splits["train"]
    assert train.inputs["image"].shape == (6, 8, 8, 3)
    expected = [[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 1, 0], [0, 0, 1], [1, 1, 1]]
    order = train.inputs["image"][:, 0, 0, 0] // 40
    np.testing.assert_array_equal(train.labels["tags"], np.array(expected)[order])
    np.testing.assert_array_equal(train.labels["is/big"], order > 2)
    with pytest.raises(ValueError, match=r"text of row 0 of the test split is not UTF-8"):
        sources.read(Source("own_set", text="note"), tmp_path)
