import numpy as np
import pytest

from mtl_keras.data.raw import RawSet, Split


def split(labels):
    labels = np.asarray(labels)
    texts = np.array([str(i) for i in range(len(labels))], object)
    return Split({"text": texts}, {"label": labels})


def whole(**splits):
    return RawSet("films", splits, {"label": ["bad", "fair", "good"]})


def test_without_a_test_split_one_row_in_ten_is_held_out():
    done = whole(train=split(np.arange(50) % 3)).complete()
    train, test = (list(done.splits[k].inputs["text"]) for k in ("train", "test"))
    assert (len(train), len(test)) == (45, 5)
    assert sorted(train + test) == sorted(str(i) for i in range(50))
    for key in ("train", "test"):  # Labels stay with their rows.
        rows = done.splits[key].inputs["text"].astype(int)
        np.testing.assert_array_equal(done.splits[key].labels["label"], rows % 3)


def test_a_test_split_of_its_own_is_kept():
    done = whole(train=split([0, 1]), test=split([2, -1])).complete()
    assert {k: len(v) for k, v in done.splits.items()} == {"train": 2, "test": 2}


def test_hidden_test_labels_make_the_validation_split_the_test_split():
    done = whole(train=split([0, 1]), validation=split([2, 1, 0]), test=split([-1, -1])).complete()
    assert {k: len(v) for k, v in done.splits.items()} == {"train": 2, "test": 3}


def test_hidden_test_labels_without_validation_hold_out_training_rows():
    done = whole(train=split([0, 1, 2]), test=split([[np.nan, np.nan]])).complete()
    assert {k: len(v) for k, v in done.splits.items()} == {"train": 2, "test": 1}


def test_an_empty_split_is_an_error():
    with pytest.raises(ValueError, match=r"'films' is empty: its train split has no rows"):
        whole(train=split([])).complete()


def test_a_single_row_is_too_few():
    with pytest.raises(ValueError, match=r"'films' must have at least 2 rows"):
        whole(train=split([0])).complete()


@pytest.mark.parametrize("wrong", [3, -2])
def test_a_label_outside_the_classes_is_named(wrong):
    found = whole(train=split([0, -1, 2]), test=split([0, wrong]))
    message = f"'films', task 'mood': label {wrong} of row 1 of the test split .* 3 classes"
    with pytest.raises(ValueError, match=message):
        found.check_labels("label", "mood")


def test_several_labels_must_be_zero_one_or_missing():
    whole(train=split([[0.0, 1.0, np.nan]])).check_labels("label", "mood")
    with pytest.raises(ValueError, match=r"row 1 .* \(0, 1, or NaN"):
        whole(train=split([[0.0, 1.0, 1.0], [0.0, 0.5, 1.0]])).check_labels("label", "mood")
