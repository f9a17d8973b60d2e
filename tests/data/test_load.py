import numpy as np
import pytest

from mtl_keras.data import Augmentation, Source, load


@pytest.fixture
def films(tmp_path):
    """A table with two label columns, each text a word of its own."""
    rows = "".join(
        f"shared word{i},{'good' if i % 2 else 'bad'},{'xyz'[i % 3]}\n" for i in range(60)
    )
    path = tmp_path / "films.csv"
    path.write_text("text,mood,kind\n" + rows)
    return str(path)


def two_tasks(films):
    return Source(films, labels={"mood": "mood", "kind": "kind"})


def test_a_source_of_two_tasks_has_one_input(films):
    data = load(film=two_tasks(films), batch_size=8)
    assert data.tasks == ["mood", "kind"]
    assert data.task_inputs == {"mood": ["film_text"], "kind": ["film_text"]}
    assert data.outputs == {"mood": 1, "kind": 3}
    assert list(data.inputs()) == list(data.preprocess) == ["film_text"]


def test_the_vocabulary_is_of_training_texts_only(films):
    data = load(mood=Source(films, labels="mood"), batch_size=8, validation=0.3)
    words = set(data.preprocess["mood_text"].get_vocabulary()[2:])

    def texts(split):
        return {w for text in data.raw("mood", split)[0]["mood_text"] for w in text.split()}

    assert words == texts("train")
    assert not words & ((texts("validation") | texts("test")) - {"shared"})
    assert data.vocabulary_size == len(words) + 2


def test_one_vocabulary_serves_all_texts(films):
    data = load(mood=Source(films, labels="mood"), topics="sample/headlines", batch_size=8)
    one, two = (layer.get_vocabulary() for layer in data.preprocess.values())
    assert one == two
    assert len(one) == data.vocabulary_size


def test_options_of_texts(films):
    data = load(film=two_tasks(films), batch_size=8, vocabulary_size=5, sequence_length=7)
    assert data.vocabulary_size == 5
    assert data.inputs()["film_text"].shape == (None, 7)


def test_examples_and_augmentation_by_task_keyword_or_input(films):
    for key in ("mood", "film"):
        data = load(film=two_tasks(films), batch_size=8, examples={key: 16})
        assert data.examples["kind"] == {
            "train": 16, "validation": 5, "test": 6, "official_train": None
        }  # fmt: skip
    flip = Augmentation(brightness=1.0)
    plain = load(digits="sample/digits", batch_size=8)
    for augment in (flip, {"digits": flip}, {"digits_image": flip}):
        data = load(digits="sample/digits", batch_size=8, augment=augment)
        (varied, _), (same, _) = next(iter(data.train)), next(iter(plain.train))
        assert not np.array_equal(varied["digits_image"], same["digits_image"])
        for mine, other in zip(data.validation.take(1), plain.validation.take(1)):
            np.testing.assert_array_equal(mine[0]["digits_image"], other[0]["digits_image"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "at least one task"),
        ({"a": "mnst"}, "Unknown data set 'mnst'. Did you mean 'mnist'"),
        ({"a": 3}, "Received: name=3"),
        ({"a": "sample/digits", "validation": 1}, r"`validation` must be in \[0, 1\)"),
        ({"a": "sample/digits", "epoch": "exact"}, '`epoch` must be "longest"'),
        ({"a": "sample/digits", "examples": {"b": 3}}, "Unknown task in `examples`: 'b'"),
        ({"a": "sample/digits", "examples": 0}, "`examples` must be whole numbers >= 1"),
        ({"a": "sample/digits", "augment": {"b": Augmentation()}}, "in `augment`: 'b'"),
        ({"a": "sample/headlines", "augment": {"a": Augmentation()}}, "in `augment`: 'a'"),
        (
            {"a": "sample/digits", "b": Source("sample/drawings", labels={"a": "label"})},
            "task 'a' in both 'a' and 'b'",
        ),
        (
            {"a": Source("sample/digits", labels={"a_image": "label"})},
            "must not bear the name of an input. Received: 'a_image'",
        ),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        load(**options)
