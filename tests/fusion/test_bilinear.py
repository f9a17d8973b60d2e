import numpy as np

from mtl_keras.fusion import bilinear_fusion

from .fusion_cases import close, model_of, prepared, vectors, weights


def test_is_the_product_of_the_projections():
    sizes = (3, 4, 2)
    model, x = model_of(bilinear_fusion, sizes, width=6), vectors(sizes)
    present = [np.array(each, bool) for each in ([1, 1, 0, 0, 1], [1, 0, 1, 0, 1], [1, 1, 1, 0, 0])]
    wanted = np.ones((5, 6))
    for key, each, there in zip("abc", x, present):
        wanted *= np.tanh(prepared(model, key, each, there) @ weights(model, f"dense_{key}")[0])
    close(model([*x, *present]), wanted)


def test_a_linear_head_on_small_values_is_a_bilinear_form():
    """Where tanh is linear, h is bilinear: f(v+v', t) = f(v, t) + f(v', t)."""
    model, (v, t) = model_of(bilinear_fusion, present=False, width=6), vectors()
    u, w = (1e-3 * weights(model, f"dense_{key}")[0] for key in "ab")
    for key, kernel in (("a", u), ("b", w)):
        model.get_layer(f"bilinear_fusion_dense_{key}").kernel.assign(kernel)
    a, b = prepared(model, "a", v), prepared(model, "b", t)
    found = 1e6 * np.float64(model([v, t])).sum(axis=1)
    form = 1e6 * u @ w.T
    np.testing.assert_allclose(found, np.einsum("bi,ij,bj->b", a, form, b), rtol=1e-3, atol=1e-3)
    assert np.linalg.matrix_rank(form) == 3
