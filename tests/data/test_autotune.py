import numpy as np
import pytest
import tensorflow as tf

import mtl_keras as mtl


def numbers():
    return tf.data.Dataset.range(40).map(lambda x: 2 * x, num_parallel_calls=tf.data.AUTOTUNE)


def test_rows_and_order_stay():
    np.testing.assert_array_equal(
        list(mtl.data.without_autotune(numbers()).as_numpy_iterator()), 2 * np.arange(40)
    )


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_the_data_of_load_are_not_tuned_nor_what_is_made_of_them(split):
    data = mtl.data.load(digits="sample/digits", batch_size=64)
    later = getattr(data, split).map(lambda *row: row).prefetch(tf.data.AUTOTUNE)
    assert later.options().autotune.enabled is False


def test_own_options_stay():
    options = tf.data.Options()
    options.deterministic = False
    kept = mtl.data.without_autotune(numbers().with_options(options)).options()
    assert kept.deterministic is False
    assert kept.autotune.enabled is False
