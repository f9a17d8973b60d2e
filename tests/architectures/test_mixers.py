import keras
import numpy as np
import pytest

from mtl_keras.architectures import Mixer, harden, mixing
from mtl_keras.architectures.mixers import weighted_sum

from . import toy

TABLES = {
    "hard_sharing": {},
    "cross_stitch": {"cross_stitch stage 1": (toy.TASKS, toy.TASKS)},
    "mmoe": {"mmoe gates": (toy.TASKS, ["expert1", "expert2", "expert3"])},
    "cgc": {"cgc gates": (toy.TASKS, ["zeta 1", "shared 1", "alpha 1"])},
    "ple": {
        "ple gates level 1": ([*toy.TASKS, "shared"], ["zeta 1", "shared 1", "alpha 1"]),
        "ple gates level 2": (toy.TASKS, ["zeta 1", "shared 1", "alpha 1"]),
    },
    "mtan": {
        "mtan stage 1": (toy.TASKS, ["0", "1", "2"]),
        "mtan stage 2": (toy.TASKS, ["0", "1", "2", "3", "4"]),
    },
    "dselect_k": {"dselect_k gates": (toy.TASKS, ["expert1", "expert2", "expert3"])},
    "ltb": {
        "ltb stage 1": (["node1", "node2"], ["node1", "node2"]),
        "ltb stage 2": (toy.TASKS, ["node1", "node2"]),
    },
}


@pytest.mark.parametrize("inputs", ["one", "each"])
@pytest.mark.parametrize("name", toy.NAMES)
def test_what_was_learned_is_told_by_name(name, inputs):
    model = toy.model(name, inputs)
    found = mixing(model, toy.pictures(model))
    assert found.keys() == TABLES[name].keys()
    for place, (rows, columns) in TABLES[name].items():
        assert set(found[place].rows) == set(rows)
        assert set(found[place].columns) == set(columns)
        assert found[place].weights.shape == (len(rows), len(columns))
        totals = np.nansum(found[place].weights, axis=1)
        if name not in ("mtan", "dselect_k"):
            np.testing.assert_allclose(totals, 1, rtol=1e-5)


def test_a_row_that_does_not_see_a_column():
    model = toy.model("cgc")
    found = mixing(model, toy.pictures(model))["cgc gates"]
    seen = ~np.isnan(found.weights)
    for row, line in zip(found.rows, seen):
        assert [c for c, on in zip(found.columns, line) if not on] == [
            "alpha 1" if row == "zeta" else "zeta 1"
        ]


def test_gates_are_averaged_over_the_examples():
    model = toy.model("mmoe")
    x = toy.pictures(model, rows=50)
    table = mixing(model, x)["mmoe gates"]
    cells = keras.layers.AdaptiveAveragePooling2D(8)(x["x"]).numpy().reshape(50, 64)
    for task, row in zip(table.rows, table.weights):
        scores = np.exp(cells @ model.get_layer(f"mmoe_gates_{task}_64").kernel.numpy())
        wanted = (scores / scores.sum(axis=1, keepdims=True)).mean(axis=0)
        np.testing.assert_allclose(row, wanted, rtol=1e-4)


def test_examples_are_needed_for_what_depends_on_them():
    with pytest.raises(ValueError, match="`inputs` is needed"):
        mixing(toy.model("mmoe"))
    assert mixing(toy.model("ltb"))
    assert not mixing(harden(toy.model("ltb")))


def test_weighted_sum_of_any_rank():
    random = np.random.default_rng(0)
    for shape in ((4,), (4, 2), (4, 2, 3, 5)):
        parts = random.normal(size=(3, *shape)).astype("float32")
        for rows in (1, 4):
            weights = random.normal(size=(rows, 3)).astype("float32")
            wanted = np.einsum("bi,ib...->b...", np.broadcast_to(weights, (4, 3)), parts)
            np.testing.assert_allclose(weighted_sum(weights, list(parts)), wanted, atol=1e-5)


def test_a_mixer_must_tell():
    with pytest.raises(NotImplementedError, match="Mixer must implement mixing"):
        Mixer(["a"], ["b"]).mixing()
