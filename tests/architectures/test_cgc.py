import numpy as np

from mtl_keras.architectures import cgc, mmoe, ple

from . import toy


def copied(model, other):
    """Gives `model` the values of `other` in the order of their variables."""
    for ours, theirs in zip(model.variables, other.variables, strict=True):
        ours.assign(theirs)


def same(model, other):
    inputs = toy.pictures(model)
    for task, y in model(inputs).items():
        np.testing.assert_array_equal(y, other(inputs)[task])


def test_is_ple_with_one_level():
    ours = toy.features(cgc(toy.tiny, toy.TASKS, 2, 1))
    theirs = toy.features(ple(toy.tiny, toy.TASKS, 2, 1, levels=1))
    copied(ours, theirs)
    same(ours, theirs)


def test_with_shared_experts_only_is_mmoe():
    ours = toy.features(cgc(toy.tiny, toy.TASKS, 3, 0))
    theirs = toy.features(mmoe(toy.tiny, toy.TASKS, 3))
    copied(ours, theirs)
    same(ours, theirs)


def test_with_one_own_expert_only_is_a_net_for_each_task():
    model = toy.features(cgc(toy.tiny, toy.TASKS, 0, 1))
    x = toy.pictures(model)
    before = model(x)["zeta"].numpy()
    for variable in model.variables:
        if "alpha" in variable.path:
            variable.assign(variable + 1.0)
    np.testing.assert_array_equal(model(x)["zeta"], before)
    trunk = toy.features(toy.make("hard_sharing"))
    copied(trunk, type("Own", (), {"variables": [v for v in model.variables if "zeta1" in v.path]}))
    np.testing.assert_array_equal(trunk(x)["zeta"], before)


def test_parameters():
    """(n_s + K n_k) P_E + K D (n_s + n_k)."""
    found = toy.features(cgc(toy.tiny, toy.TASKS, 2, 3)).count_params()
    assert found == (2 + 2 * 3) * (30 + 20) + 2 * 64 * (2 + 3)
