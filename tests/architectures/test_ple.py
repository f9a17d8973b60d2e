import numpy as np
import pytest

from mtl_keras.architectures import ple

from . import toy


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def mix(gate, parts):
    return sum(gate[:, [i]] * part for i, part in enumerate(parts))


def layer_values(model):
    """Returns the kernels by the name of their layer, without the prefix."""
    return {x.name.removeprefix("ple_"): x.kernel.numpy() for x in model.layers if x.weights}


def test_the_paper_s_equations_of_two_levels():
    architecture = ple(lambda name: toy.dense(name, 2), toy.TASKS, 2, 1)
    model = toy.features(architecture, shapes=[(3,)])
    w = layer_values(model)
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    path = dict.fromkeys([*toy.TASKS, "shared"], x)
    for level, width in ((1, 2), (2, 2)):
        expert = {
            name: path[owner] @ w[f"{name}_stage{level}"]
            for owner, names in {
                "zeta": ["zeta1"], "alpha": ["alpha1"], "shared": ["shared1", "shared2"]
            }.items()
            for name in names
        }  # fmt: skip
        seen = {
            "zeta": ["zeta1", "shared1", "shared2"],
            "alpha": ["alpha1", "shared1", "shared2"],
            "shared": ["zeta1", "alpha1", "shared1", "shared2"],
        }
        after = {}
        for owner, names in seen.items():
            if level == 2 and owner == "shared":
                continue  # no shared path leaves the last level
            width = path[owner].shape[1]
            gate = softmax(path[owner] @ w[f"gates_level_{level}_{owner}_{width}"])
            after[owner] = mix(gate, [expert[name] for name in names])
        path = after
    found = model({"x": x})
    for task in toy.TASKS:
        np.testing.assert_allclose(found[task], path[task], rtol=0, atol=1e-5)
    assert len(w) == 4 * 2 + 3 + 2


def test_parameters():
    """The formula of the docstring: levels of 3 and 5 channels, gates of 64 and 3 numbers."""
    n_s, n_k, tasks = 2, 3, 2
    found = toy.features(ple(toy.tiny, toy.TASKS, n_s, n_k), shapes=[(6, 6, 1)]).count_params()
    levels = (9 * 3 + 3, 3 * 5 + 5)
    wanted = sum((n_s + tasks * n_k) * p for p in levels)
    wanted += sum(tasks * d * (n_s + n_k) for d in (64, 3)) + 64 * (n_s + tasks * n_k)
    assert found == wanted


def test_without_shared_experts_nothing_is_shared():
    model = toy.features(ple(toy.tiny, toy.TASKS, 0, 2))
    assert not any("shared" in v.path for v in model.variables)
    assert all(("zeta" in v.path) != ("alpha" in v.path) for v in model.variables)


def test_levels_of_more_stages():
    """Four stages in two levels: two and two."""
    model = toy.features(toy.make("ple", lambda name: toy.dense(name, 4)), shapes=[(3,)])
    stages = {x.name for x in model.layers if "zeta1_stage" in x.name}
    assert len(stages) == 4
    mixture = model.get_layer("ple_gates_level_1_zeta_3")
    (node,) = mixture._inbound_nodes
    before = [t._keras_history.operation.name for t in node.input_tensors]
    assert "ple_zeta1_stage2" in before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shared_experts": 0, "task_experts": 0}, "must not be negative, nor both 0"),
        ({"task_experts": -1}, "task_experts=-1"),
        ({"levels": 0}, r"`levels` must be >= 1\. Received: levels=0"),
        ({"levels": 3}, r"number of stages of the trunk, 2\. Received: levels=3"),
    ],
)
def test_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        toy.features(ple(toy.tiny, toy.TASKS, **options))
