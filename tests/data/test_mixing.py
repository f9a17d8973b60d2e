import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.data import Augmentation, set_epoch, zip_tasks
from mtl_keras.data.schedule import Schedule


@pytest.fixture(autouse=True)
def first_epoch():
    set_epoch(0)
    yield
    set_epoch(0)


def source(name, size, weights=False):
    """A source whose input tells the row and whose label is row + 1."""
    rows = np.arange(size, dtype=np.int32)
    parts = ({f"{name}_x": rows}, {name: rows + 1})
    return (*parts, {name: np.full(size, 2.0)}) if weights else parts


def rows_of(dataset, name, batches=None):
    parts = [inputs[f"{name}_x"].numpy() for inputs, *_ in dataset.take(batches or -1)]
    return np.stack(parts)


@pytest.mark.parametrize("mode", ["longest", "shortest", "proportional", "exact"])
def test_rows_are_those_of_the_schedule_in_every_epoch(mode):
    sizes = {"a": 23, "b": 10}
    dataset = zip_tasks({n: source(n, s) for n, s in sizes.items()}, 5, mode, seed=3)
    schedule = Schedule(sizes, 5, mode, seed=3)
    assert len(dataset) == schedule.steps
    for epoch in (0, 1, 7, 1):
        set_epoch(epoch)
        for name in sizes:
            np.testing.assert_array_equal(rows_of(dataset, name), schedule.indices(name, epoch))


@pytest.mark.parametrize("mode", ["longest", "shortest", "proportional", "exact"])
def test_labels_belong_to_their_rows_and_shapes_are_static(mode):
    dataset = zip_tasks({"a": source("a", 23), "b": source("b", 10)}, 5, mode)
    for spec in tf.nest.flatten(dataset.element_spec):
        assert spec.shape.is_fully_defined()
    for inputs, labels in dataset:
        for name in "ab":
            rows, label = inputs[f"{name}_x"].numpy(), labels[name].numpy()
            assert rows.shape == label.shape
            assert np.isin(label - rows, [1] if mode != "exact" else [1, *(-1 - rows)]).all()


def test_a_run_resumed_inside_an_epoch_goes_on_with_the_next_batch():
    pictures = np.random.RandomState(0).randint(0, 256, (40, 8, 8, 3), np.uint8)
    dataset = zip_tasks(
        {"a": ({"a_image": pictures}, {"a": np.arange(40)})},
        batch_size=8,
        augment={"a_image": Augmentation(crop=2, flip=True)},
    )
    set_epoch(2)
    whole = [inputs["a_image"].numpy() for inputs, _ in dataset]
    rest = [inputs["a_image"].numpy() for inputs, _ in dataset.skip(3)]
    np.testing.assert_array_equal(np.stack(whole[3:]), np.stack(rest))


def test_exact_counts_each_row_once_and_fills_with_missing_labels():
    values = np.arange(3, dtype=np.float32)
    several = np.ones((3, 2), np.float32)
    short = ({"s_x": np.arange(3)}, {"value": values, "several": several}, {"value": np.ones(3)})
    dataset = zip_tasks({"long": source("long", 7), "s": short}, 2, "exact")
    assert len(dataset) == 4
    parts = list(dataset.as_numpy_iterator())
    joined = tf.nest.map_structure(lambda *arrays: np.concatenate(arrays), *parts)
    inputs, labels, weights = joined
    np.testing.assert_array_equal(labels["long"], [1, 2, 3, 4, 5, 6, 7, -1])
    np.testing.assert_array_equal(labels["value"], [0, 1, 2] + [np.nan] * 5)
    np.testing.assert_array_equal(np.isnan(labels["several"]).all(axis=1), [False] * 3 + [True] * 5)
    np.testing.assert_array_equal(weights["value"], [1] * 3 + [0] * 5)
    assert set(weights) == {"value"}
    assert set(inputs["s_x"]) == {0, 1, 2}  # The filler rows are real ones.


def test_dense_labels_move_with_their_pictures():
    pictures = np.random.RandomState(0).randint(0, 4, (12, 7, 6, 1), np.uint8)
    parts = pictures[..., 0].astype("int32")
    parts[parts == 3] = -1
    dataset = zip_tasks(
        {"a": ({"a_image": pictures}, {"parts": parts, "row": np.arange(12)})},
        batch_size=12,
        augment={"a_image": Augmentation(crop=3, flip=True)},
    )
    inputs, labels = next(iter(dataset))
    shown = np.round(255 * inputs["a_image"].numpy()[..., 0])
    np.testing.assert_array_equal(labels["parts"], np.where(shown == 3, -1, shown))
    assert not np.array_equal(labels["parts"], parts[labels["row"]])


def test_only_shows_the_rows_of_the_whole():
    sources = {
        name: (
            {
                f"{name}_image": np.random.RandomState(size).randint(
                    0, 256, (size, 6, 6, 1), np.uint8
                )
            },
            {name: np.arange(size)},
        )
        for name, size in (("a", 12), ("b", 30))
    }
    options = {
        "batch_size": 4,
        "seed": 5,
        "augment": {"a_image": Augmentation(crop=1), "b_image": Augmentation(flip=True)},
    }
    whole = zip_tasks(sources, **options)
    alone = zip_tasks(sources, **options, only=["a"])
    assert len(alone) == len(whole) == 7
    for (inputs, labels), (inputs_alone, labels_alone) in zip(whole, alone):
        assert (list(inputs_alone), list(labels_alone)) == (["a_image"], ["a"])
        np.testing.assert_array_equal(inputs["a_image"], inputs_alone["a_image"])
        np.testing.assert_array_equal(labels["a"], labels_alone["a"])


def test_rows_restricts_a_source():
    chosen = np.array([9, 3, 4, 7])
    dataset = zip_tasks({"a": source("a", 10)}, 2, rows={"a": chosen})
    assert len(dataset) == 2
    assert set(rows_of(dataset, "a").ravel()) == set(chosen)


def test_a_data_set_serves_as_arrays_do():
    arrays = source("a", 9)
    dataset = tf.data.Dataset.from_tensor_slices(arrays)
    for one, two in zip(zip_tasks({"a": arrays}, 3), zip_tasks({"a": dataset}, 3)):
        tf.nest.map_structure(np.testing.assert_array_equal, one, two)


def test_weights_are_a_third_part():
    dataset = zip_tasks({"a": source("a", 6, weights=True), "b": source("b", 6)}, 3)
    _, _, weights = next(iter(dataset))
    assert {k: v.numpy().tolist() for k, v in weights.items()} == {"a": [2.0, 2.0, 2.0]}


def test_pictures_leave_as_floats_and_other_inputs_as_they_are():
    inputs = {"picture": np.full((4, 2, 2, 1), 51, np.uint8), "bytes": np.full((4, 2), 7, np.uint8)}
    batch, _ = next(iter(zip_tasks({"a": (inputs, {"a": np.zeros(4)})}, 4, "exact")))
    assert (batch["picture"].dtype, batch["bytes"].dtype) == (tf.float32, tf.uint8)
    np.testing.assert_allclose(batch["picture"], 0.2, rtol=1e-6)


def test_augmentation_differs_between_epochs_and_not_within_one():
    picture = np.random.RandomState(0).randint(0, 256, (1, 16, 16, 1), np.uint8)
    one = ({"a_image": np.repeat(picture, 4, axis=0)}, {"a": np.zeros(4)})
    dataset = zip_tasks({"a": one}, 4, augment={"a_image": Augmentation(crop=4, rotation=20)})

    def batch(epoch):
        set_epoch(epoch)
        return next(iter(dataset))[0]["a_image"].numpy()

    np.testing.assert_array_equal(batch(0), batch(0))
    assert not np.array_equal(batch(0), batch(1))
    assert len(np.unique(batch(0).reshape(4, -1), axis=0)) == 4  # One noise for each slot.


def test_a_model_fits_and_sees_the_cardinality():
    import keras

    inputs = keras.Input((), name="a_x")
    outputs = {"a": keras.layers.Dense(30, name="a")(keras.layers.Reshape((1,))(inputs))}
    model = keras.Model({"a_x": inputs}, outputs)
    model.compile("sgd", {"a": keras.losses.SparseCategoricalCrossentropy(from_logits=True)})
    history = model.fit(zip_tasks({"a": source("a", 10)}, 5), epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2
    assert int(model.optimizer.iterations) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"only": ["c"]}, "Unknown source 'c'"),
        ({"rows": {"c": [0]}}, "Unknown source in `rows`: 'c'"),
        ({"rows": {"a": [0, 99]}}, "`rows` must hold rows of source 'a', 0 to 9"),
        ({"rows": {"a": []}}, "Source 'a' is empty"),
        ({"augment": {"x": Augmentation()}}, "Unknown input in `augment`: 'x'"),
        ({"augment": {"a_x": Augmentation()}}, "`augment` must name uint8 pictures"),
        ({"epoch": "forever"}, "Unknown way to end an epoch 'forever'"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        zip_tasks({"a": source("a", 10), "b": source("b", 10)}, 2, **options)
