import numpy as np
import pytest

from mtl_keras.fusion import concatenate_fusion

from .fusion_cases import close, model_of, prepared, vectors, weights


def test_is_a_dense_layer_on_both_parts():
    model, (v, t) = model_of(concatenate_fusion, width=6), vectors()
    present = np.array([1, 1, 0, 0, 1], bool), np.array([1, 0, 1, 0, 1], bool)
    parts = [prepared(model, "a", v, present[0]), prepared(model, "b", t, present[1])]
    kernel, bias = weights(model, "dense")
    close(model([v, t, *present]), np.maximum(np.concatenate(parts, axis=1) @ kernel + bias, 0))


@pytest.mark.parametrize("activation", [None, "relu"])
def test_without_an_activation_the_answer_is_a_sum(activation):
    """f(v, t) - f(v', t) - f(v, t') + f(v', t') is 0 for every sum of parts."""
    model = model_of(concatenate_fusion, present=False, width=6, activation=activation)
    (v, t), (v2, t2) = vectors(), vectors(seed=2)
    f = lambda *x: np.array(model(list(x)))  # noqa: E731
    mixed = np.abs(f(v, t) - f(v2, t) - f(v, t2) + f(v2, t2)).max()
    assert (mixed < 1e-5) == (activation is None)
