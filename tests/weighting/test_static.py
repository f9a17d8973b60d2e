import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.weighting import Static


def test_weights_are_as_given_and_one_where_left_out():
    method = Static({"b": 0.25, "a": 3})
    method.build(["a", "b", "c"])
    losses = tf.constant([1.0, 2.0, 4.0])
    with tf.GradientTape() as tape:
        tape.watch(losses)
        objective = method(losses=losses)
    assert float(objective) == 3 * 1 + 0.25 * 2 + 4
    np.testing.assert_array_equal(tape.gradient(objective, losses), [3, 0.25, 1])


def test_zero_turns_a_task_off():
    method = Static({"a": 0.0})
    method.build(["a", "b"])
    assert float(method(losses=[5.0, 2.0])) == 2.0


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf")])
def test_refuses_what_is_no_weight(weight):
    with pytest.raises(ValueError, match=r"weights\['a'\]="):
        Static({"a": weight})


def test_names_the_nearest_task():
    with pytest.raises(ValueError, match=r"'digts'.*'digits'"):
        Static({"digts": 1.0}).build(["digits", "topics"])


def test_config_is_not_the_list_of_variables():
    assert Static({"a": 2}).get_config() == {"weights": {"a": 2.0}}
