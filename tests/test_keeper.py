"""What belongs to an absent task stays as it was, to the last bit."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from toy_tasks import LOSSES, arrays, build, dataset, same, values

import mtl_keras as mtl

MISSING = {"zeta": -1, "alpha": -1, "mid": np.nan}


def without(*tasks, rows=16):
    inputs, labels = arrays(rows)
    for task in tasks:
        labels[task][:] = MISSING[task]
    return dataset(inputs, labels)


def owned(model, *paths):
    """The values of variables and optimizer slots whose path contains one of the texts."""
    everything = [*model.variables, *model.optimizer.variables]
    return values(v for v in everything if any(text in v.path for text in paths))


def compiled(optimizer=None, **options):
    model = build()
    model.compile(
        optimizer or keras.optimizers.AdamW(0.01, weight_decay=0.1, amsgrad=True),
        LOSSES,
        jit_compile=False,
        **options,
    )
    return model


@pytest.mark.parametrize("weighting", [None, "uncertainty", "pcgrad"])
def test_an_absent_task_keeps_all_it_owns_and_comes_back(weighting):
    model = compiled(weighting=weighting, run_eagerly=True)
    present, absent = next(iter(without())), next(iter(without("zeta")))
    model.train_on_batch(*present)
    # zeta alone owns its head, a layer, and private batch-norm statistics: 8 variables, and three
    # slots for each of the 6 trainable ones.
    before, shared = owned(model, "zeta"), owned(model, "trunk", "alpha")
    assert len(before) == 8 + 3 * 6
    log_variances = [
        v for v in [*model.variables, *model.optimizer.variables] if "log_var" in v.path
    ]
    states = values(log_variances)
    for _ in range(5):
        model.train_on_batch(*absent)
    assert same(owned(model, "zeta"), before)
    assert not any(map(np.array_equal, owned(model, "trunk", "alpha"), shared))
    assert int(model.optimizer.iterations) == 6
    assert len(states) == (4 if weighting == "uncertainty" else 0)
    for now, then in zip(values(log_variances), states):
        assert now[0] == then[0]
        assert (now[1:] != then[1:]).all()
    model.train_on_batch(*present)
    assert not any(map(np.array_equal, owned(model, "zeta"), before))


@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=0.1, use_ema=True),
        keras.optimizers.Adam(0.1, use_ema=True, ema_overwrite_frequency=2),
        keras.optimizers.RMSprop(0.1, momentum=0.9, centered=True),
        keras.optimizers.Adafactor(0.1),
        keras.optimizers.Muon(0.1),
    ],
    ids=lambda optimizer: optimizer.name,
)
def test_with_every_optimizer(optimizer):
    model = build()
    model.compile(optimizer, LOSSES, run_eagerly=True)
    present, absent = next(iter(without())), next(iter(without("zeta")))
    model.train_on_batch(*present)
    before = owned(model, "zeta")
    for _ in range(2):
        model.train_on_batch(*absent)
    assert same(owned(model, "zeta"), before)


def test_two_tasks_own_something_together():
    """`side` belongs to alpha and mid: it rests only where both are absent."""
    model = compiled(run_eagerly=True)
    model.train_on_batch(*next(iter(without())))
    before = owned(model, "side")
    assert len(before) == 2 + 3 * 2
    model.train_on_batch(*next(iter(without("mid"))))
    assert not any(map(np.array_equal, owned(model, "side"), before))
    before = owned(model, "side", "alpha", "mid")
    model.train_on_batch(*next(iter(without("mid", "alpha"))))
    assert same(owned(model, "side", "alpha", "mid"), before)


def test_gathered_gradients_update_a_task_that_was_there_in_one_of_the_steps():
    present, absent = next(iter(without())), next(iter(without("zeta")))
    models = [build(cls, noise=False) for cls in (mtl.MultiTaskModel, keras.Model)]
    for model in models:
        optimizer = keras.optimizers.AdamW(0.01, weight_decay=0.1, gradient_accumulation_steps=2)
        model.compile(optimizer, LOSSES, run_eagerly=True)
    ours, plain = models
    legal = {**absent[1], "zeta": tf.zeros(8, tf.int32)}
    weights = {task: tf.ones(8) for task in legal}

    # There in one of two steps: what plain Keras makes of a gradient of zero in the other.
    ours.train_on_batch(*present)
    plain.train_on_batch(*present, weights)
    weights["zeta"] = tf.zeros(8)
    ours.train_on_batch(*absent)
    plain.train_on_batch(absent[0], legal, weights)
    before = owned(ours, "")
    for mine, theirs in zip(before, owned(plain, ""), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-7)
    # Absent from both steps of the next update: nothing moves, where plain Keras drifts.
    before = owned(ours, "zeta")
    for _ in range(2):
        ours.train_on_batch(*absent)
        plain.train_on_batch(absent[0], legal, weights)
    assert int(ours.optimizer.iterations) == 2
    assert same(owned(ours, "zeta"), before)
    assert not same(owned(plain, "zeta"), before)


def test_a_task_without_a_key_in_the_labels_is_absent():
    model = compiled(run_eagerly=True)
    inputs, labels = next(iter(dataset()))
    model.train_on_batch(inputs, labels)
    before = owned(model, "zeta")
    labels = {task: labels[task] for task in ("alpha", "mid")}
    logs = model.train_on_batch(inputs, labels, return_dict=True)
    assert same(owned(model, "zeta"), before)
    assert int(model.optimizer.iterations) == 2
    assert {"alpha_loss", "mid_loss"} <= logs.keys()


def test_under_xla():
    model = build(noise=True, tasks=["zeta", "alpha"])
    losses = {task: LOSSES[task] for task in ("zeta", "alpha")}
    model.compile(keras.optimizers.Adam(0.01), losses, jit_compile=True)
    inputs, labels = next(iter(without("zeta")))
    batch = inputs, {task: labels[task] for task in losses}
    before, head = owned(model, "zeta"), owned(model, "alpha/kernel")[0]
    model.train_on_batch(*batch)
    assert same(owned(model, "zeta"), before)
    assert not np.array_equal(owned(model, "alpha/kernel")[0], head)
