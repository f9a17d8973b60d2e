import numpy as np
import pytest

from mtl_keras.trunks.pooling import global_pooling


@pytest.mark.parametrize("rank", [3, 4])
def test_pooling(rank):
    x = np.random.default_rng(0).random((2, 5, 6, 3)[: rank - 1] + (3,), np.float32)
    axes = tuple(range(1, rank - 1))
    np.testing.assert_allclose(global_pooling("avg", rank)()(x), x.mean(axes), rtol=1e-6)
    np.testing.assert_array_equal(global_pooling("max", rank)()(x), x.max(axes))
    assert global_pooling(None, rank) is None


def test_another_pooling():
    with pytest.raises(ValueError, match=r"'max', 'avg' or None\. Received: pooling='sum'"):
        global_pooling("sum")
