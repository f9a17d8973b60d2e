"""Conformance checks for weighting methods, ours and anyone's own."""

import functools
import inspect
import json
import tempfile

import keras
import numpy as np
import tensorflow as tf

from mtl_keras import weighting

WEIGHTING_CHECKS = []
"""The checks; each takes a weighting class or object and raises `AssertionError`."""

_TASKS = "abcd"


def check_weighting(cls_or_object):
    """Checks that a weighting method keeps the contract of its base class.

    Runs every one of `WEIGHTING_CHECKS` on fresh copies, built for tasks named "a" to "d". A
    method with an option `seed` counts as random: it is compared given the same draws, and not
    at all where the draws cannot be the same (permuted tasks; eager mode and XLA).

    Args:
        cls_or_object: a subclass of `Weighting` that needs no arguments, or an object of any;
            options that name tasks may name "a" only.

    Raises:
        AssertionError: the method breaks the contract; the message names the check and the case.

    Example:
        >>> check_weighting(weighting.Equal)
        >>> class Largest(weighting.LossWeighting):
        ...     def weights(self, losses):
        ...         return losses / tf.reduce_max(losses)
        >>> check_weighting(Largest)
        Traceback (most recent call last):
        AssertionError: check_finite: Largest: everything times 0.0: objective is not finite
    """
    for check in WEIGHTING_CHECKS:
        check(cls_or_object)


def _check(function):
    """Puts a check in the table, and its name and the method's before every failure."""

    @functools.wraps(function)
    def check(cls_or_object):
        given = cls_or_object() if isinstance(cls_or_object, type) else cls_or_object
        name = type(given).__name__
        try:
            with keras.saving.CustomObjectScope({name: type(given)}):
                function(given)
        except Exception as error:
            raise AssertionError(f"{function.__name__}: {name}: {error}") from error

    WEIGHTING_CHECKS.append(check)
    return check


def _is_random(given):
    return "seed" in given.get_config()


def _make(given, tasks=_TASKS):
    """Returns a fresh copy of a method, built for the tasks."""
    seed = {"seed": 0} if _is_random(given) else {}
    method = type(given).from_config(given.get_config() | seed)
    method.build(list(tasks))
    return method


def _facts(step=0, scale=1.0, rows=slice(None)):
    """Returns what a step may show: losses (T,) and the gradients of two batches (T, P)."""
    random = np.random.default_rng(step)
    scale = np.broadcast_to(scale, len(_TASKS))
    losses = scale * random.uniform(0.5, 2.0, len(_TASKS))
    first, second = scale[:, None] * random.normal(size=(2, len(_TASKS), 7))
    return losses[rows], first[rows], second[rows]


def _seen(method, losses, first, second):
    """Returns the arguments of a call of the method, without `present`."""
    seen = {"losses": tf.constant(losses, tf.float32)}
    if method.sees == "jacobian":
        seen["jacobian"] = tf.constant(first, tf.float32)
    elif method.sees != "losses":
        seen["gramian"] = tf.constant(first @ (first if method.sees == "gramian" else second).T)
    return seen


def _ask(method, present, seen):
    """Returns a dict: `weights` (T,) or `direction` (P,), of loss methods `objective` too."""
    if method.sees != "losses":
        answer = method(present=present, **seen)
        return {"direction" if method.sees == "jacobian" else "weights": answer}
    with tf.GradientTape() as tape:
        tape.watch(seen["losses"])
        objective = method(present=present, **seen)
    weights = tape.gradient(objective, seen["losses"], unconnected_gradients="zero")
    return {"objective": objective, "weights": weights}


def _run(method, facts=_facts, present=None, ask=_ask, steps=range(4)):
    """Returns the answers of some steps, each of which is an epoch of its own."""
    present, answers = np.array(present or [True] * method.num_tasks), []
    for step in steps:
        losses, *gradients = facts(step)
        answers.append(ask(method, tf.constant(present), _seen(method, losses, *gradients)))
        method.on_epoch_end(np.where(present, losses, 0).astype("float32"), present)
    return answers


def _fail_unless(condition, message):
    if not condition:
        raise AssertionError(message)


def _sound(answer, facts, case):
    """Checks shapes, dtypes and finiteness of an answer."""
    shapes = {"objective": (), "weights": facts[0].shape, "direction": facts[1][0].shape}
    for name, value in answer.items():
        right = value.shape == shapes[name] and value.dtype == tf.float32
        _fail_unless(right, f"{case}: {name} is {value.dtype.name} of shape {value.shape}")
        _fail_unless(np.isfinite(value).all(), f"{case}: {name} is not finite")


def _same(found, wanted, case, tolerance=1e-5, order=slice(None)):
    """Compares two runs; `order`: the places of the wanted weights among those found."""
    for step, (ours, theirs) in enumerate(zip(found, wanted, strict=True)):
        for name, want in theirs.items():
            got = np.asarray(ours[name])[order if name == "weights" else ...]
            near = np.abs(got - want).max() <= tolerance * np.abs(want).max()
            _fail_unless(near, f"{case}: at step {step} {name} is {got}, not {want}")


@_check
def check_shapes(given):
    """The answer has one entry per task (or parameter), is float32 and finite."""
    for count in range(1, len(_TASKS) + 1):
        method, facts = _make(given, _TASKS[:count]), _facts(rows=slice(count))
        _sound(_ask(method, None, _seen(method, *facts)), facts, f"{count} tasks")


@_check
def check_finite(given):
    """The answer is finite whatever the scale of the losses and gradients."""
    for scale in (0.0, 1e-15, 1e15):
        for what, factor in (("everything", scale), ("one task", [1.0, scale, 1.0, 1.0])):
            facts = functools.partial(_facts, scale=factor)
            for answer in _run(_make(given), facts, steps=range(3)):
                _sound(answer, facts(), f"{what} times {scale}")


@_check
def check_one_task(given):
    """The only task there is does not go uphill."""
    facts = _facts(rows=[0])
    for answer in _run(_make(given, "a"), lambda step: facts):
        along = answer["weights"] if "weights" in answer else answer["direction"] * facts[1][0]
        _fail_unless(np.sum(along) >= 0, f"one task: the answer {answer} goes uphill")


@_check
def check_absent_task(given):
    """An absent task weighs nothing, keeps its state, and the others do as if it did not exist."""
    # The last of three: then a random method draws for the other two as it does without it.
    tasks, absent = ("abc", 2) if _is_random(given) else ("abcd", 1)
    kept = [index for index in range(len(tasks)) if index != absent]
    poison = [np.nan if index == absent else 1.0 for index in range(len(_TASKS))]
    facts = functools.partial(_facts, scale=poison, rows=slice(len(tasks)))
    method = _make(given, tasks)
    states = [v for v in method.variables if v.shape[:1] == (len(tasks),)]
    before = [np.array(state)[absent] for state in states]
    found = _run(method, facts, [index in kept for index in range(len(tasks))])
    weights = [float(answer["weights"][absent]) for answer in found if "weights" in answer]
    _fail_unless(not any(weights), f"absent task: its weights are {weights}")
    changed = [s.name for s, old in zip(states, before) if np.any(np.array(s)[absent] != old)]
    _fail_unless(not changed, f"absent task: its {', '.join(changed)} changed")
    wanted = _run(_make(given, [tasks[i] for i in kept]), functools.partial(_facts, rows=kept))
    _same(found, wanted, "absent task, beside the method built without it", order=kept)


@_check
def check_permutation(given):
    """The order of the tasks does not matter."""
    if not _is_random(given):
        order = [2, 0, 3, 1]
        permuted = _make(given, [_TASKS[index] for index in order])
        wanted = _run(permuted, functools.partial(_facts, rows=order))
        _same(_run(_make(given)), wanted, "permuted tasks", order=order)


@_check
def check_jit(given):
    """Compiled by XLA, the answers of several steps are those of eager mode."""
    found = _run(_make(given), ask=tf.function(_ask, jit_compile=True))
    wanted = found if _is_random(given) else _run(_make(given))
    _same(found, wanted, "jit_compile=True")


@_check
def check_tracing(given):
    """Calls after the first one are not traced again."""
    function = tf.function(_ask)
    _run(_make(given), ask=function)
    _fail_unless(function.experimental_get_tracing_count() == 1, "tf.function traces it again")


@_check
def check_precision(given):
    """Under mixed precision the answers are the same."""
    wanted, policy = _run(_make(given)), keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        _same(_run(_make(given)), wanted, "mixed_float16", tolerance=0.0)
    finally:
        keras.config.set_dtype_policy(policy)


@_check
def check_serialisation(given):
    """The config is the constructor's arguments and comes back from JSON as the same method."""
    keys = sorted(given.get_config())
    arguments = sorted(list(inspect.signature(type(given).__init__).parameters)[1:])
    _fail_unless(keys == arguments, f"config has {keys}, the constructor {arguments}")
    method = _make(given)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(method)))
    copy = weighting.get(config)
    _fail_unless(type(copy) is type(given), f"serialised: a {type(copy).__name__} came back")
    again = json.loads(json.dumps(keras.saving.serialize_keras_object(copy)))
    _fail_unless(again == config, f"serialised: {again} came back, was {config}")


@_check
def check_state(given):
    """Saved and restored, the method goes on as if nothing had happened."""
    method, restored = _make(given), _make(given)
    for variable in method.trainable_variables:
        variable.assign(variable + 0.25)
    _run(method, steps=range(2))
    with tempfile.TemporaryDirectory() as directory:
        keras.saving.save_weights(method, f"{directory}/method.weights.h5")
        keras.saving.load_weights(restored, f"{directory}/method.weights.h5")
    found, wanted = (_run(each, steps=range(2, 4)) for each in (restored, method))
    _same(found, wanted, "restored state", tolerance=0.0)
