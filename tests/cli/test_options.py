"""What the arguments read as, and what is refused."""

import argparse
import os

import hypothesis
import pytest
from hypothesis import strategies as st

from mtl_keras.cli import main, options, values

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)


@hypothesis.settings(max_examples=30, deadline=None)
@hypothesis.given(st.dictionaries(NAMES, st.sampled_from(["mnist", "glue/sst2", "trec#fine"])))
def test_tasks_read_back_in_their_order(tasks):
    texts = [f"{task}={name}" for task, name in tasks.items()]
    assert list(values.task_sets(texts).items()) == list(tasks.items())


@pytest.mark.parametrize(
    "text", ["digits", "=mnist", "digits=", "2d=mnist", "a-b=mnist", "ä=mnist"]
)
def test_what_is_no_task_is_refused(text):
    with pytest.raises(ValueError, match=r"TASK=SET.*Received"):
        values.task_sets([text])


def test_a_task_comes_once():
    with pytest.raises(ValueError, match="'digits' is given twice: 'mnist' and 'cifar10'"):
        values.task_sets(["digits=mnist", "digits=cifar10"])


def test_paths_become_absolute():
    found = values.task_sets(["a=./pictures", "b=films.csv", "c=mnist"])
    assert found == {
        "a": os.path.abspath("pictures"),
        "b": os.path.abspath("films.csv"),
        "c": "mnist",
    }


def test_columns_of_one_set_share_its_rows():
    sources = options._sources({"coarse": "trec#label-coarse", "fine": "trec#label-fine"}, None)
    assert list(sources) == ["coarse_fine"]
    assert sources["coarse_fine"].labels == {"coarse": "label-coarse", "fine": "label-fine"}


def test_one_set_for_two_tasks_without_columns_is_two_sources():
    sources = options._sources({"a": "mnist", "b": "mnist"}, [8, 8])
    assert {name: source.labels for name, source in sources.items()} == {"a": None, "b": None}


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (values.whole(1), "12", 12),
        (values.positive, "1e-3", 0.001),
        (values.at_least_zero, "0", 0.0),
        (values.share, "0.5", 0.5),
        (values.size, "64", [64, 64]),
        (values.size, "64x48", [64, 48]),
        (values.seeds, "0,1,2", [0, 1, 2]),
        (values.weighting, "none", None),
        (values.weighting, "pcgrad", "pcgrad"),
        (values.weighting, "a=1,b=0.5", {"a": 1.0, "b": 0.5}),
        (values.augmentation, "crop=4,flip", {"task": None, "crop": 4, "flip": True}),
        (values.augmentation, "a:rotation=5", {"task": "a", "rotation": 5.0}),
    ],
)
def test_values(read, text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (values.whole(1), "0"),
        (values.whole(0), "-1"),
        (values.whole(1), "1.5"),
        (values.positive, "0"),
        (values.positive, "nan"),
        (values.at_least_zero, "x"),
        (values.share, "1"),
        (values.size, "0x4"),
        (values.seeds, "1,1"),
        (values.seeds, "1,"),
        (values.weighting, "a=x"),
        (values.augmentation, "flip=1"),
        (values.augmentation, "crop"),
        (values.augmentation, "blur=2"),
        (values.augmentation, ""),
    ],
)
def test_wrong_values(read, text):
    with pytest.raises(argparse.ArgumentTypeError, match="not"):
        read(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "--epochs: must be a whole number >= 1, not '0'"),
        (["--optimizer", "adm"], "invalid choice: 'adm'"),
        (["--epoch", "3"], "unrecognized arguments: --epoch 3"),
    ],
)
def test_bad_options_are_bad_usage(capsys, arguments, message):
    assert main(["train", "digits=sample/digits", *arguments]) == 2
    assert message in capsys.readouterr().err


DATA = {
    "tasks": {"digits": "sample/digits"}, "batch_size": 8, "seed": 0, "validation": 0.1,
    "epoch_mode": "longest", "augment": [], "vocabulary_size": 100, "examples": 32,
    "image_size": None,
}  # fmt: skip


def test_load_data():
    data = options.load_data(DATA)
    assert data.tasks == ["digits"]
    assert data.batch_size == 8
    assert data.examples["digits"]["train"] == 32


def test_an_option_of_load_is_no_task():
    with pytest.raises(ValueError, match="cannot be called 'seed'"):
        options.load_data({**DATA, "tasks": {"seed": "sample/digits"}})


@pytest.mark.parametrize(
    ("augment", "message"),
    [
        (
            [{"task": "digts", "crop": 1}],
            "Unknown task in --augment 'digts'. Did you mean 'digits'",
        ),
        ([{"task": None, "crop": 1}, {"task": "digits", "flip": True}], "not both"),
        ([{"task": None, "crop": 1}, {"task": None, "flip": True}], "given twice for all tasks"),
    ],
)
def test_wrong_augmentations(augment, message):
    with pytest.raises(ValueError, match=message):
        options.load_data({**DATA, "augment": augment})


def test_a_column_that_is_missing_says_how_to_name_one(tmp_path):
    path = tmp_path / "films.csv"
    path.write_text("text,mood,kind\ngood,a,x\nbad,b,y\n" * 3)
    data = options.load_data({**DATA, "tasks": {"mood": f"{path}#mood", "kind": f"{path}#kind"}})
    assert list(data.inputs()) == ["mood_kind_text"]
    with pytest.raises(ValueError, match="TASK=SET#COLUMN"):
        options.load_data({**DATA, "tasks": {"mood": str(path)}})
