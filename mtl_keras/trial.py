"""Weighting methods put through steps of made-up losses and gradients."""

import numpy as np
import tensorflow as tf

TASKS = "abcd"
PARAMETERS = 7


def is_random(given):
    """Whether a method, or one inside it, has an option `seed`."""
    return _seeded(given.get_config()) != _seeded(given.get_config(), seed=1)


def _seeded(config, seed=0):
    """Returns a config with every seed in it set."""
    if isinstance(config, dict):
        return {k: seed if k == "seed" else _seeded(v, seed) for k, v in config.items()}
    return [_seeded(each, seed) for each in config] if isinstance(config, list) else config


def make(given, tasks=TASKS):
    """Returns a fresh copy of a method, built for the tasks."""
    method = type(given).from_config(_seeded(given.get_config()))
    method._ask(method.build, task_names=list(tasks), size=PARAMETERS)
    return method


def facts(step=0, scale=1.0, rows=slice(None)):
    """Returns what a step may show: losses (T,) and the gradients of two batches (T, P)."""
    random = np.random.default_rng(step)
    scale = np.broadcast_to(scale, len(TASKS))
    losses = scale * random.uniform(0.5, 2.0, len(TASKS))
    first, second = scale[:, None] * random.normal(size=(2, len(TASKS), PARAMETERS))
    return losses[rows], first[rows], second[rows]


def seen(method, losses, first, second):
    """Returns the arguments of a call of the method, without `present`."""
    shown = {"losses": tf.constant(losses, tf.float32)}
    if method.sees == "jacobian":
        shown["jacobian"] = tf.constant(first, tf.float32)
    elif method.sees != "losses":
        shown["gramian"] = tf.constant(first @ (first if method.sees == "gramian" else second).T)
    return shown


def ask(method, present, shown):
    """Carries out what a training step asks of a method.

    Args:
        method: a built `Weighting`.
        present: bool tensor (T,).
        shown: dict, from `seen`.

    Returns:
        dict of tensors: `weights` (T,) or `direction` (P,); of methods that have them also
        `objective` (), `own_weights` (T,) and the slope of the objective in what is learned.
    """
    losses = tf.where(present, shown["losses"], 0.0)
    if method.sees == "losses":
        answer = _objective(method, lambda: method(present=present, **shown), shown["losses"])
    else:
        name = "direction" if method.sees == "jacobian" else "weights"
        answer = {name: method(present=present, **shown)}
    given = {"weights": answer.get("weights"), "losses": losses, "present": present}
    if hasattr(method, "own_weights"):
        own = method._ask(method.own_weights, **given)
        answer["own_weights"] = tf.where(present, own, 0.0)
    if hasattr(method, "objective"):
        found = _objective(method, lambda: method._ask(method.objective, **given), losses)
        answer |= {name: value for name, value in found.items() if name != "weights"}
    if hasattr(method, "after_step"):
        method._ask(method.after_step, losses=tf.sqrt(losses), present=present)
    return answer


def _objective(method, compute, losses):
    """Returns the objective, its slopes in the losses as `weights`, and in what is learned."""
    learned = [v.value for v in method.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch(losses)
        objective = compute()
    slopes = tape.gradient(objective, [losses, *learned], unconnected_gradients="zero")
    names = ["weights", *(f"slope_{index}" for index in range(len(learned)))]
    return {"objective": objective, **dict(zip(names, slopes))}


def run(method, facts=facts, present=None, ask=ask, steps=range(3)):
    """Returns the answers of some steps, each of which is an epoch of its own."""
    present, answers = np.array(present or [True] * method.num_tasks), []
    for step in steps:
        losses, *gradients = facts(step)
        answers.append(ask(method, tf.constant(present), seen(method, losses, *gradients)))
        method.on_epoch_end(np.where(present, losses, 0).astype("float32"), present)
    return answers
