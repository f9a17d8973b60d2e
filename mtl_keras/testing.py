"""Conformance checks for weighting methods, ours and anyone's own."""

import functools
import inspect
import json
import tempfile

import keras
import numpy as np
import tensorflow as tf

from mtl_keras import trial, weighting

WEIGHTING_CHECKS = []
"""The checks; each takes a weighting class or object and raises `AssertionError`."""


def check_weighting(cls_or_object):
    """Checks that a weighting method keeps the contract of its base class.

    Runs every one of `WEIGHTING_CHECKS` on fresh copies, built for tasks named "a" to "d"; a method
    may refuse to be built for few tasks. What a method has besides (`after_step`, `own_weights`,
    `objective`) is called as in a training step. A method with an option `seed`, or with
    one inside, counts as random: it is compared given the same draws, and not at all where the
    draws cannot be the same (permuted tasks; eager mode and XLA).

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
        >>> check_weighting(Largest)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        AssertionError: check_finite: Largest: losses and gradients times 0.0: objective is ...
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


def _fail_unless(condition, message):
    if not condition:
        raise AssertionError(message)


def _counts(given):
    """Returns the numbers of tasks that a method takes."""
    counts = []
    for count in range(1, len(trial.TASKS) + 1):
        try:
            trial.make(given, trial.TASKS[:count])
            counts.append(count)
        except ValueError as error:
            refused = error
    if not counts:
        raise refused
    return counts


def _sound(answer, facts, case):
    """Checks shapes, dtypes and finiteness of an answer."""
    shapes = {"objective": (), "direction": facts[1][0].shape}
    for name, value in answer.items():
        right = value.shape == shapes.get(name, facts[0].shape) and value.dtype == tf.float32
        _fail_unless(right, f"{case}: {name} is {value.dtype.name} of shape {value.shape}")
        _fail_unless(np.isfinite(value).all(), f"{case}: {name} is not finite")


def _same(found, wanted, case, tolerance=1e-5, order=slice(None)):
    """Compares two runs; `order`: the places of the wanted weights among those found."""
    for step, (ours, theirs) in enumerate(zip(found, wanted, strict=True)):
        for name, want in theirs.items():
            whole = name in ("objective", "direction")
            got = np.asarray(ours[name])[... if whole else order]
            near = np.abs(got - want).max() <= tolerance * np.abs(want).max()
            _fail_unless(near, f"{case}: at step {step} {name} is {got}, not {want}")


@_check
def check_shapes(given):
    """The answer has one entry per task (or parameter), is float32 and finite."""
    for count in _counts(given):
        method = trial.make(given, trial.TASKS[:count])
        facts = functools.partial(trial.facts, rows=slice(count))
        for answer in trial.run(method, facts, steps=range(1)):
            _sound(answer, facts(), f"{count} tasks")


@_check
def check_finite(given):
    """The answer is finite whatever the scale of the losses and gradients, also after others."""
    scales = [0.0, 1.0, 1e-15, 1e15, 1.0]
    scales += [[1.0, scale, 1.0, 1.0] for scale in (0.0, 1e-15, 1e15)]
    answers = trial.run(
        trial.make(given), lambda step: trial.facts(step, scales[step]), steps=range(len(scales))
    )
    for scale, answer in zip(scales, answers):
        _sound(answer, trial.facts(), f"losses and gradients times {scale}")


@_check
def check_one_task(given):
    """The only task there is does not go uphill."""
    if 1 not in _counts(given):
        return
    facts = trial.facts(rows=[0])
    for answer in trial.run(trial.make(given, "a"), lambda step: facts, steps=range(2)):
        along = answer["weights"] if "weights" in answer else answer["direction"] * facts[1][0]
        _fail_unless(np.sum(along) >= 0, f"one task: the answer {answer} goes uphill")


@_check
def check_absent_task(given):
    """An absent task weighs nothing, keeps its state, and the others do as if it did not exist."""
    # The last of three: then a random method draws for the other two as it does without it.
    tasks, absent = ("abc", 2) if trial.is_random(given) else ("abcd", 1)
    kept = [index for index in range(len(tasks)) if index != absent]
    poison = [np.nan if index == absent else 1.0 for index in range(len(trial.TASKS))]
    facts = functools.partial(trial.facts, scale=poison, rows=slice(len(tasks)))
    method = trial.make(given, tasks)
    states = [v for v in method.variables if v.shape[:1] == (len(tasks),)]
    before = [np.array(state)[absent] for state in states]
    found = trial.run(method, facts, [index in kept for index in range(len(tasks))])
    for name in [name for name in found[0] if name not in ("objective", "direction")]:
        there = [float(answer[name][absent]) for answer in found]
        _fail_unless(not any(there), f"absent task: its {name} are {there}")
    changed = [s.name for s, old in zip(states, before) if np.any(np.array(s)[absent] != old)]
    _fail_unless(not changed, f"absent task: its {', '.join(changed)} changed")
    without = trial.make(given, [tasks[index] for index in kept])
    wanted = trial.run(without, functools.partial(trial.facts, rows=kept))
    _same(found, wanted, "absent task, beside the method built without it", order=kept)


@_check
def check_permutation(given):
    """The order of the tasks does not matter."""
    if not trial.is_random(given):
        order = [2, 0, 3, 1]
        permuted = trial.make(given, [trial.TASKS[index] for index in order])
        wanted = trial.run(permuted, functools.partial(trial.facts, rows=order))
        _same(trial.run(trial.make(given)), wanted, "permuted tasks", order=order)


@_check
def check_non_conflict(given):
    """No task goes uphill, if the method says so: `non_conflicting = True`."""
    if not getattr(given, "non_conflicting", False):
        return
    method = trial.make(given)
    for step in range(4):
        losses, jacobian, _ = trial.facts(step)
        jacobian -= 0.95 * jacobian.mean(axis=0)
        shown = trial.seen(method, losses, jacobian, jacobian)
        answer = trial.ask(method, tf.ones(method.num_tasks, tf.bool), shown)
        direction = answer.get("direction")
        if direction is None:
            direction = jacobian.T @ answer["weights"].numpy()
        sizes = np.linalg.norm(jacobian, axis=1) * np.linalg.norm(direction)
        cosines = jacobian @ np.asarray(direction) / np.maximum(sizes, 1e-300)
        _fail_unless(cosines.min() >= -1e-4, f"conflicting tasks: the cosines are {cosines}")


@_check
def check_jit(given):
    """Compiled by XLA, once, the answers of several steps are those of eager mode."""
    function = tf.function(trial.ask, jit_compile=True, autograph=False)
    found = trial.run(trial.make(given), ask=function)
    wanted = found if trial.is_random(given) else trial.run(trial.make(given))
    _same(found, wanted, "jit_compile=True")
    method = trial.make(given)
    seen = method, tf.ones(method.num_tasks, tf.bool), trial.seen(method, *trial.facts())
    program = function.experimental_get_compiler_ir(*seen)(stage="hlo").partition("ENTRY")[2]
    _fail_unless(
        program.count(" parameter(") == len(function.get_concrete_function(*seen).inputs),
        "jit_compile=True: XLA takes an input for a constant and compiles for each value anew, "
        "which `values[index]` with a computed index does and `tf.gather(values, index)` does not",
    )


@_check
def check_tracing(given):
    """Calls after the first one are not traced again."""
    function = tf.function(trial.ask, autograph=False)
    trial.run(trial.make(given), ask=function)
    _fail_unless(function.experimental_get_tracing_count() == 1, "tf.function traces it again")


@_check
def check_precision(given):
    """Under mixed precision the answers are the same."""
    policy, one = keras.config.dtype_policy(), range(1)
    wanted = trial.run(trial.make(given), steps=one)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        found = trial.run(trial.make(given), steps=one)
    finally:
        keras.config.set_dtype_policy(policy)
    _same(found, wanted, "mixed_float16", tolerance=0.0)


@_check
def check_serialisation(given):
    """The config is the constructor's arguments and comes back from JSON as the same method."""
    keys = sorted(given.get_config())
    arguments = sorted(list(inspect.signature(type(given).__init__).parameters)[1:])
    _fail_unless(keys == arguments, f"config has {keys}, the constructor {arguments}")
    method = trial.make(given)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(method)))
    copy = weighting.get(config)
    _fail_unless(type(copy) is type(given), f"serialised: a {type(copy).__name__} came back")
    again = json.loads(json.dumps(keras.saving.serialize_keras_object(copy)))
    _fail_unless(again == config, f"serialised: {again} came back, was {config}")


@_check
def check_state(given):
    """Saved and restored, the method goes on as if nothing had happened."""
    method, restored = trial.make(given), trial.make(given)
    for variable in method.trainable_variables:
        variable.assign(variable + 0.25)
    trial.run(method, steps=range(2))
    with tempfile.TemporaryDirectory() as directory:
        keras.saving.save_weights(method, f"{directory}/method.weights.h5")
        keras.saving.load_weights(restored, f"{directory}/method.weights.h5")
    found, wanted = (trial.run(each, steps=range(2, 3)) for each in (restored, method))
    _same(found, wanted, "restored state", tolerance=0.0)
