import keras
import numpy as np
import pytest

from mtl_keras.architectures import EntropySchedule, dselect_k, harden

from . import toy


def gate(model, task):
    return next(layer for layer in model.layers if f"gates_{task}" in layer.name)


@pytest.mark.parametrize(
    ("per_example", "experts", "bits"), [(False, 4, 2), (False, 5, 3), (True, 4, 2)]
)
def test_parameters(per_example, experts, bits):
    """n P_E + K k (m + 1), for each example K k (D + 1)(m + 1), besides the entropy's weight."""
    options = {"experts": experts, "k": 3, "per_example": per_example}
    model = toy.features(dselect_k(toy.tiny, toy.TASKS, **options))
    found = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    inputs = 65 if per_example else 1
    assert found == experts * (30 + 20) + 2 * 3 * inputs * (bits + 1)


def test_a_saturated_gate_is_one_expert():
    architecture = toy.make("dselect_k", k=1)
    model = toy.features(architecture)
    x = toy.pictures(model)
    gate(model, "zeta").z.assign([[[0.6, -0.6]]])
    expert = keras.Model(model.input, architecture.trunk("expert3")(model.input["x"]))
    np.testing.assert_array_equal(model(x)["zeta"], expert(x))


def test_hardened():
    """Nearly made choices are made, and the experts that nobody chose are gone."""
    model = toy.features(toy.make("dselect_k", experts=4))
    zeta, alpha = gate(model, "zeta"), gate(model, "alpha")
    zeta.z.assign([[[0.3, -0.4], [0.3, -0.45]]])  # 2 and 2
    alpha.z.assign([[[-0.3, -0.3], [0.4, -0.3]]])  # 0 and 2
    alpha.w.assign([[0.0, np.log(3)]])
    hard = harden(model)
    names = {layer.name for layer in hard.layers if "second" in layer.name}
    assert names == {"dselect_k_expert1_second", "dselect_k_expert3_second"}
    for each, z in ((zeta, [[1, -1], [1, -1]]), (alpha, [[-1, -1], [1, -1]])):
        each.z.assign([z])
    x = toy.pictures(model)
    for task, y in hard(x).items():
        np.testing.assert_allclose(y, model(x)[task], rtol=0, atol=1e-6)


def test_gates_for_each_example_stay():
    model = toy.features(toy.make("dselect_k", per_example=True))
    hard, x = harden(model), toy.pictures(model)
    for task, y in hard(x).items():
        np.testing.assert_array_equal(y, model(x)[task])


def test_the_schedule_raises_the_entropy_s_weight():
    model, schedule = toy.features(toy.make("dselect_k", experts=4)), EntropySchedule(3, 0.5)
    schedule.set_model(model)
    for epoch, weight in enumerate((0, 0.25, 0.5, 0.5)):
        schedule.on_epoch_begin(epoch)
        model(toy.pictures(model))
        # Four selectors over four experts, still near the uniform.
        assert float(sum(model.losses)) == pytest.approx(4 * np.log(4) * weight, abs=2e-3)


@pytest.mark.parametrize(("epochs", "epoch", "wanted"), [(1, 0, 0), (1, 1, 0.01), (5, 9, 0.01)])
def test_the_ends_of_the_schedule(epochs, epoch, wanted):
    assert EntropySchedule(epochs).at(epoch) == wanted


@pytest.mark.parametrize("argument", ["experts", "k", "gamma"])
def test_refuses(argument):
    with pytest.raises(ValueError, match=f"`{argument}` must be > 0. Received: {argument}=0"):
        dselect_k(toy.tiny, toy.TASKS, **{argument: 0})
    with pytest.raises(ValueError, match="`epochs` must be >= 1"):
        EntropySchedule(0)
