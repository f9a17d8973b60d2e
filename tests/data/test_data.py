import keras
import numpy as np
import pytest

from mtl_keras.data import Augmentation, load, set_epoch


@pytest.fixture(scope="module")
def data():
    return load(
        digits="sample/digits",
        topics="sample/headlines",
        match=r"sample/captions",
        batch_size=16,
        seed=3,
        augment=Augmentation(crop=1, flip=True),
        examples={"topics": 200},
    )


@pytest.fixture(autouse=True)
def first_epoch():
    set_epoch(0)
    yield
    set_epoch(0)


def test_everything_is_by_task_or_input_name(data):
    assert data.tasks == ["digits", "topics", "match"]
    assert data.task_inputs["match"] == ["match_image", "match_text"]
    assert data.outputs == {"digits": 10, "topics": 4, "match": 1}
    assert {k: len(v) for k, v in data.class_names.items()} == {
        "digits": 10,
        "topics": 4,
        "match": 2,
    }
    assert set(data.losses) == set(data.metrics) == set(data.sources) == set(data.tasks)
    assert data.examples["topics"]["train"] == 200
    inputs = data.inputs()
    assert set(inputs) == set(data.preprocess)
    specs, labels = data.train.element_spec
    for name, spec in specs.items():
        assert spec.shape[1:] == inputs[name].shape[1:]
        assert spec.dtype.name == inputs[name].dtype
    assert all(spec.dtype.name == "int32" for spec in labels.values())
    assert "digits: sample/digits" in repr(data)


def test_validation_and_test_count_each_row_once(data):
    for split, dataset in (("validation", data.validation), ("test", data.test)):
        _, labels = data.raw("digits", split)
        seen = np.concatenate([batch["digits"].numpy() for _, batch in dataset])
        assert (seen >= 0).sum() == len(labels)
        np.testing.assert_array_equal(seen[: len(labels)], labels)
    names = ("train", "validation", "test")
    counts = [len(data.raw("digits", name)[1]) for name in names]
    assert counts == [data.examples["digits"][name] for name in names]


def test_raw_values_through_preprocessing_are_the_pipeline(data):
    for task in data.tasks:
        raw, labels = data.raw(task, "validation")
        batch, batch_labels = next(iter(data.only(task).validation))
        np.testing.assert_array_equal(batch_labels[task], labels[:16])
        for name, values in raw.items():
            made = data.preprocess[name](keras.ops.convert_to_tensor(values[:16]))
            np.testing.assert_array_equal(batch[name], made)


def test_only_shows_the_rows_of_the_joint_run(data):
    alone = data.only("digits")
    assert alone.tasks == ["digits"]
    assert list(alone.inputs()) == list(alone.preprocess) == ["digits_image"]
    assert data.tasks == ["digits", "topics", "match"]  # Unchanged.
    for epoch in (0, 3):
        set_epoch(epoch)
        assert len(alone.train) == len(data.train)
        for (inputs, labels), (inputs_alone, labels_alone) in zip(
            data.train.take(5), alone.train.take(5)
        ):
            assert (list(inputs_alone), list(labels_alone)) == (["digits_image"], ["digits"])
            np.testing.assert_array_equal(inputs["digits_image"], inputs_alone["digits_image"])
            np.testing.assert_array_equal(labels["digits"], labels_alone["digits"])
    assert len(alone.test) == -(-data.examples["digits"]["test"] // 16)


def test_only_of_a_source_with_two_tasks_drops_the_other_label(tmp_path):
    from mtl_keras.data import Source

    path = tmp_path / "two.csv"
    path.write_text("text,a,b\n" + "".join(f"t{i},{i % 2},{i % 3}\n" for i in range(40)))
    data = load(two=Source(path, labels={"a": "a", "b": "b"}), batch_size=8)
    inputs, labels = data.only("b").train.element_spec
    assert (list(inputs), list(labels)) == (["two_text"], ["b"])


def test_the_defaults_train_a_model(data):
    one = data.only("digits")
    inputs = one.inputs()
    x = keras.layers.Flatten()(inputs["digits_image"])
    model = keras.Model(inputs, {"digits": keras.layers.Dense(10, name="digits")(x)})
    model.compile("adam", loss=one.losses, metrics=one.metrics)
    history = model.fit(one.train, epochs=2, verbose=0).history
    assert history["loss"][1] < history["loss"][0] < np.log(10) + 0.2


def test_without_validation():
    data = load(digits="sample/digits", batch_size=16, validation=0)
    assert data.validation is None
    with pytest.raises(ValueError, match=r"Unknown split 'validation'"):
        data.raw("digits", "validation")


def test_unknown_names(data):
    with pytest.raises(ValueError, match=r"Unknown task 'digts'. Did you mean 'digits'"):
        data.only("digts")
    with pytest.raises(ValueError, match=r"at least one task"):
        data.only()
    with pytest.raises(ValueError, match=r"Unknown task 'digits'"):
        data.only("topics").raw("digits")
