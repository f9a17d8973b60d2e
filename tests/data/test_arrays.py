import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.data import arrays


def test_types_are_those_of_the_data_element():
    table = arrays.table(
        "a",
        (
            {"x": np.zeros((3, 2)), "picture": np.zeros((3, 4, 4, 1), np.uint8)},
            {
                "long": np.array([0, 1, -1], np.int64),
                "byte": np.array([0, 1, 2], np.uint8),
                "flag": np.array([True, False, True]),
                "value": np.array([0.5, np.nan, 1]),
            },
            {"long": np.ones(3)},
        ),
    )
    assert len(table) == 3
    assert {k: v.dtype.name for k, v in table.inputs.items()} == {
        "x": "float32",
        "picture": "uint8",
    }
    assert {k: v.dtype.name for k, v in table.labels.items()} == {
        "long": "int32",
        "byte": "int32",
        "flag": "int32",
        "value": "float32",
    }
    assert table.weights["long"].dtype == tf.float32
    assert all("CPU" in tensor.device for tensor in table.inputs.values())


def test_a_data_set_is_read_once_and_whole():
    reads = []

    def generate():
        reads.append(1)
        for i in range(2500):
            yield {"x": np.float32([i])}, {"a": i % 3}

    spec = ({"x": tf.TensorSpec((1,))}, {"a": tf.TensorSpec((), tf.int64)})
    dataset = tf.data.Dataset.from_generator(generate, output_signature=spec)
    table = arrays.table("a", dataset)
    assert reads == [1]
    np.testing.assert_array_equal(table.inputs["x"][:, 0], np.arange(2500))
    np.testing.assert_array_equal(table.labels["a"], np.arange(2500) % 3)


def pairs(n=3):
    return {"x": np.zeros((n, 2))}, {"a": np.zeros(n, int)}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ([1, 2], "'s' must give .* Received: list"),
        ((np.zeros(3), {}), "Received: a tuple with ndarray"),
        (({}, {"a": np.zeros(3)}), "at least one input"),
        (
            ({"x": np.zeros(3)}, {"a": np.zeros(2)}),
            r"same number of rows. Received: x \(3,\), a \(2,\)",
        ),
        ((*pairs(), {"b": np.ones(3)}), "Unknown task in the weights of source 's': 'b'"),
        (({"x": np.zeros(1)}, {"a": np.array(["good"])}), "task 'a': labels must be numbers"),
        (tf.data.Dataset.range(3), "a data set of TensorSpec"),
        (tf.data.Dataset.from_tensor_slices(pairs()).repeat(), "repeats for ever"),
        (tf.data.Dataset.from_tensor_slices(pairs()).take(0), "'s' is empty"),
    ],
)
def test_bad_sources(source, message):
    with pytest.raises(ValueError, match=message):
        arrays.table("s", source)


@pytest.mark.parametrize("shared", ["input", "task"])
def test_names_in_two_sources(shared):
    one = ({"x": np.zeros(2)}, {"a": np.zeros(2, int)})
    two = ({"x" if shared == "input" else "y": np.zeros(2)}, {"b": np.zeros(2, int)})
    if shared == "task":
        two = (two[0], {"a": np.zeros(2, int)})
    tables = {"one": arrays.table("one", one), "two": arrays.table("two", two)}
    with pytest.raises(ValueError, match=f"{shared} '.' in both 'one' and 'two'"):
        arrays.check_names(tables)
