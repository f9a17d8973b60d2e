import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.fusion import average_fusion

from .fusion_cases import close, model_of, prepared, vectors, weights

SIZES = (3, 4, 2)
MODEL = model_of(average_fusion, SIZES, width=6)
ROWS = st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=5, max_size=5)


@settings(max_examples=30, deadline=None)
@given(ROWS, st.integers(0, 99))
def test_is_the_mean_of_what_is_there(rows, seed):
    present, x = np.array(rows).T, vectors(SIZES, seed=seed)
    total = np.zeros((5, 6))
    for key, each, there in zip("abc", x, present):
        kernel, bias = weights(MODEL, f"dense_{key}")
        total += there[:, None] * (prepared(MODEL, key, each) @ kernel + bias)
    wanted = np.maximum(total / np.maximum(present.sum(axis=0), 1)[:, None], 0)
    close(MODEL([*x, *present]), wanted)


def test_what_is_absent_has_no_influence():
    x, other = vectors(SIZES), vectors(SIZES, seed=9)
    present = [np.ones(5, bool), np.zeros(5, bool), np.ones(5, bool)]
    found = MODEL([*x, *present])
    np.testing.assert_array_equal(found, MODEL([x[0], other[1], x[2], *present]))


def test_has_no_weights_for_absence():
    assert not any("stand_in" in variable.path for variable in MODEL.variables)


def test_parts_in_another_order():
    keys = {"a": 0, "b": 1, "c": 2}
    x = vectors((4, 4, 4))
    model = model_of(average_fusion, (4, 4, 4), present=False, width=6)
    kernels = {key: model.get_layer(f"average_fusion_dense_{key}") for key in keys}
    found = np.array(model(x))
    first = kernels["a"].get_weights()
    kernels["a"].set_weights(kernels["c"].get_weights())
    kernels["c"].set_weights(first)
    norms = {key: model.get_layer(f"average_fusion_norm_{key}") for key in keys}
    first = norms["a"].get_weights()
    norms["a"].set_weights(norms["c"].get_weights())
    norms["c"].set_weights(first)
    close(model([x[2], x[1], x[0]]), found)
