import keras
import numpy as np
import pytest

from mtl_keras.data.data import Settings
from mtl_keras.data.part import Part
from mtl_keras.data.raw import RawSet, Split


def split(size):
    rows = np.arange(size, dtype=np.int32)
    several = np.zeros((size, 2), np.float32)
    image = np.zeros((size, 2, 2, 1), np.uint8)
    return Split({"image": image}, {"three": rows % 3, "two": rows % 2, "several": several})


NAMES = {"three": list("abc"), "two": ["no", "yes"], "several": ["x", "y"]}


def part(examples=None, seed=0, validation=0.1, columns=None, splits=None):
    splits = splits or {"train": split(100), "test": split(10)}
    settings = Settings(8, seed, validation, "longest", 1.0, 100, None)
    columns = columns or {"a": "three", "b": "two", "c": "several"}
    return Part("key", "a set", columns, RawSet("a set", splits, NAMES), settings, examples)


def rows(part, split):
    return part.rows[split][1].tolist()


def test_training_and_validation_rows_are_a_partition_fixed_by_the_seed():
    train, validation = rows(part(), "train"), rows(part(), "validation")
    assert sorted(train + validation) == list(range(100))
    assert len(validation) == 10
    assert validation == rows(part(), "validation") != rows(part(seed=1), "validation")


def test_a_validation_split_of_its_own_is_used():
    own = part(splits={"train": split(100), "validation": split(7), "test": split(10)})
    assert own.rows["validation"][0] == "validation"
    assert [own.examples()[k] for k in ("train", "validation", "test")] == [100, 7, 10]


def test_no_validation():
    assert "validation" not in part(validation=0).rows
    assert part(validation=0).examples()["validation"] == 0


def test_examples_are_the_first_of_the_permutation_and_leave_validation_alone():
    assert rows(part(examples=12), "train") == rows(part(), "train")[:12]
    assert rows(part(examples=12), "validation") == rows(part(), "validation")
    assert len(rows(part(examples=1000), "train")) == 90


def test_outputs_and_losses_by_kind_of_label():
    one = part()
    assert [one.logits(task) for task in "abc"] == [3, 1, 2]
    kinds = [keras.losses.SparseCategoricalCrossentropy] + 2 * [keras.losses.BinaryCrossentropy]
    for task, kind in zip("abc", kinds):
        loss = one.loss(task)
        assert isinstance(loss, kind)
        assert loss.get_config()["from_logits"] is True


def test_tables_hold_the_labels_of_the_tasks_shown():
    inputs, labels = part().table("train", ["c", "a"])
    assert list(inputs) == ["key_image"]
    assert list(labels) == ["a", "c"]
    np.testing.assert_array_equal(labels["a"], np.arange(100) % 3)


def test_labels_are_checked_under_the_name_of_the_task():
    wrong = split(10)
    wrong.labels["three"][4] = 7
    with pytest.raises(ValueError, match=r"'a set', task 'topic': label 7 of row 4"):
        part(splits={"train": wrong, "test": split(3)}, columns={"topic": "three"})


def test_too_few_rows_to_validate():
    with pytest.raises(ValueError, match=r"'a set' has too few training rows, 1,"):
        part(splits={"train": split(1), "test": split(1)})
