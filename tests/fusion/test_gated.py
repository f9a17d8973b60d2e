import numpy as np

from mtl_keras.fusion import gated_fusion

from .fusion_cases import close, model_of, prepared, vectors, weights


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_two_parts_follow_the_equations_of_the_paper():
    model, (v, t) = model_of(gated_fusion, width=6), vectors()
    present = np.array([1, 1, 0, 0, 1], bool), np.array([1, 0, 1, 0, 1], bool)
    a, b = prepared(model, "a", v, present[0]), prepared(model, "b", t, present[1])
    (w_v,), (w_t,), (w_z,) = (weights(model, name) for name in ("hidden_a", "hidden_b", "gate"))
    z = sigmoid(np.concatenate([a, b], axis=1) @ w_z)
    close(model([v, t, *present]), z * np.tanh(a @ w_v) + (1 - z) * np.tanh(b @ w_t))
    # 2 d width for the projections, 2 d width for the gate; no biases.
    assert sum(w.size for w in (w_v, w_t, w_z)) == 2 * (3 + 4) * 6


def test_of_three_parts_each_has_a_gate():
    sizes = (3, 4, 2)
    model, x = model_of(gated_fusion, sizes, present=False, width=6), vectors(sizes)
    parts = {key: prepared(model, key, each) for key, each in zip("abc", x)}
    joined = np.concatenate(list(parts.values()), axis=1)
    wanted = sum(
        sigmoid(joined @ weights(model, f"gate_{key}")[0])
        * np.tanh(part @ weights(model, f"hidden_{key}")[0])
        for key, part in parts.items()
    )
    close(model(x), wanted)


def test_an_open_gate_hears_one_part_only():
    model, (v, t) = model_of(gated_fusion, present=False, width=6), vectors()
    (gate,) = (layer for layer in model.layers if layer.name.endswith("gate"))
    norms = [layer for layer in model.layers if "_norm_" in layer.name]
    for norm in norms:
        norm.beta.assign(10.0 + 0 * norm.beta)
        norm.gamma.assign(0.1 + 0 * norm.gamma)
    gate.kernel.assign(gate.kernel * 0 + 10.0)
    close(model([v, t]), np.tanh(prepared(model, "a", v) @ weights(model, "hidden_a")[0]))
    gate.kernel.assign(-gate.kernel)
    close(model([v, t]), np.tanh(prepared(model, "b", t) @ weights(model, "hidden_b")[0]))
