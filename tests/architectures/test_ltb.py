import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl_keras import graph
from mtl_keras.architectures import BranchSchedule, harden, ltb
from mtl_keras.architectures.branch import COMMITTED, SEARCH, WARM_UP

from . import toy

TREES = {
    "shared": ([[9, 0], [9, 0]], [[0, 9], [0, 9]], (0, 1), (0, 1)),
    "separate": ([[9, 0], [0, 9]], [[9, 0], [0, 9]], (0, 0), (1, 1)),
    "crossed": ([[0, 9], [9, 0]], [[0, 9], [9, 0]], (0, 1), (1, 0)),
    "stem": ([[9, 0], [9, 0]], [[9, 0], [0, 9]], (0, 0), (0, 1)),
}
"""Logits of the two branchings, and the nodes of both stages on the way to `zeta` and `alpha`."""


def searched(tree, model=None):
    model = toy.model("ltb") if model is None else model
    for number, logits in enumerate(TREES[tree][:2], 1):
        model.get_layer(f"ltb_branch{number}").logits.assign(np.array(logits, "float32"))
    return model


@pytest.mark.parametrize("tree", TREES)
def test_the_committed_net_is_the_tree_built_by_hand(tree):
    architecture = toy.make("ltb")
    model = searched(tree, toy.features(architecture))
    for number in (1, 2):
        model.get_layer(f"ltb_branch{number}").phase.assign(COMMITTED)
    x, x_value = model.input["x"], toy.pictures(model)
    by_hand = {}
    for task, (first, second) in zip(toy.TASKS, TREES[tree][2:]):
        nodes = [architecture.trunk(f"node{i + 1}").stages() for i in (first, second)]
        by_hand[task] = nodes[1][1](nodes[0][0](x))
    wanted = keras.Model(model.input, by_hand)(x_value)
    for found in (model(x_value), model(x_value, training=True), harden(model)(x_value)):
        for task in toy.TASKS:
            np.testing.assert_array_equal(found[task], wanted[task])


@pytest.mark.parametrize("tree", TREES)
def test_hardened_the_tasks_below_a_node_share_it(tree):
    hard = harden(searched(tree))
    wanted = {}
    for task, path in zip(toy.TASKS, TREES[tree][2:]):
        for stage, node in zip(("first1", "second"), path):
            wanted.setdefault(f"ltb_node{node + 1}_{stage}/kernel", set()).add(task)
        wanted[f"{task}/kernel"] = {task}
    found = {v.path: owners for v, owners in graph.reach(hard, toy.TASKS).trainable}
    assert {p: owners for p, owners in found.items() if p.endswith("kernel")} == wanted


def test_parameters():
    """N P_E + (S - 1) N² + K N, besides the temperatures and phases."""
    model = toy.features(ltb(toy.tiny, toy.TASKS, nodes=3))
    found = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert found == 3 * (30 + 20) + 1 * 9 + 2 * 3


def test_the_schedule_moves_every_branch():
    model, schedule = toy.features(toy.make("ltb")), BranchSchedule(3, 1, start=4.0, end=1.0)
    schedule.set_model(model)
    middle = 4 / np.sqrt(1 + 15 / 2)
    wanted = [(WARM_UP, 4), (SEARCH, 4), (SEARCH, middle), (SEARCH, 1), (COMMITTED, 1)]
    for epoch, (phase, temperature) in enumerate(wanted):
        schedule.on_epoch_begin(epoch)
        for name in ("ltb_branch1", "ltb_branch2"):
            branch = model.get_layer(name)
            assert int(branch.phase) == phase
            assert float(branch.temperature) == pytest.approx(temperature)


def test_logits_learn_in_the_search_only():
    model = toy.features(toy.make("ltb"))
    x = toy.pictures(model)
    for phase, learns in ((WARM_UP, False), (SEARCH, True), (COMMITTED, False)):
        branch = model.get_layer("ltb_branch1")
        branch.phase.assign(phase)
        with tf.GradientTape() as tape:
            loss = sum(tf.reduce_sum(y**2) for y in model(x, training=True).values())
        assert np.any(tape.gradient(loss, branch.logits.value)) == learns


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"search": 0}, "`search` must be >= 1"),
        ({"search": 1, "warm_up": -1}, "warm_up=-1"),
        ({"search": 1, "start": 0.1}, "start >= end > 0"),
        ({"search": 1, "end": 0.0}, "start >= end > 0"),
    ],
)
def test_schedule_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        BranchSchedule(**options)


def test_refuses_no_node():
    with pytest.raises(ValueError, match=r"`nodes` must be >= 1 or None\. Received: nodes=0"):
        ltb(toy.tiny, toy.TASKS, nodes=0)
