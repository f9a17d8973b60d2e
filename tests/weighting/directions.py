"""What the tests of Gramian methods share: a method asked about a Jacobian, and the comparison."""

import functools

import numpy as np
import tensorflow as tf

from mtl_keras import weighting

from .weighting_cases import KINDS, jacobians

NEVER_CUT = [kind for kind in KINDS if kind != "near_stationary"]


def built(cls, tasks, **options):
    """A fresh method, built for so many tasks."""
    method = cls(**options)
    method.build([f"task{index}" for index in range(tasks)])
    return method


@functools.cache
def compiled(name, tasks, jit, **options):
    """A method as a function of its own."""
    method = built(type(weighting.get(name)), tasks, **options)
    return tf.function(method, jit_compile=jit)


def weigh(method, jacobian, losses=None, present=None):
    """The weights for a Jacobian (T, P), as float64."""
    jacobian = np.asarray(jacobian, np.float64)
    losses = tf.constant(np.ones(len(jacobian)) if losses is None else losses, tf.float32)
    gramian = tf.constant(jacobian @ jacobian.T)
    return method(losses=losses, gramian=gramian, present=present).numpy().astype(float)


def direct(method, jacobian, losses=None, present=None):
    """The direction for a Jacobian."""
    return weigh(method, jacobian, losses, present) @ np.asarray(jacobian, np.float64)


def error(jacobian, found, wanted):
    """Relative error of a direction; where the answer is 0, relative to the longest gradient."""
    longest = np.linalg.norm(np.asarray(jacobian, np.float64), axis=1).max()
    size = np.linalg.norm(wanted)
    return np.linalg.norm(found - wanted) / (size if size > 1e-9 * longest else longest or 1.0)


def limit(kind):
    """The error that is allowed on a kind of Jacobian."""
    return 1e-3 if kind == "near_stationary" else 1e-5


def cases(tasks, seeds=1, first_seed=0, width=60):
    """Yields (kind, seed, Jacobian) over all kinds."""
    for kind in KINDS:
        for seed in range(first_seed, first_seed + seeds):
            yield kind, seed, jacobians(kind, tasks, width, seed)
