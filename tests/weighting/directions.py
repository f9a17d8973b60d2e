"""What the tests of Gramian methods share: a method asked about a Jacobian, and the comparison."""

import functools

import numpy as np
import tensorflow as tf

from .weighting_cases import KINDS, jacobians

FLOAT32 = 3e-7
"""How far rounding of the weights to float32 may move a direction, in parts of Σ |w_i| ‖g_i‖."""


def built(cls, tasks, **options):
    """A fresh method, built for so many tasks."""
    method = cls(**options)
    method.build([f"task{index}" for index in range(tasks)])
    return method


@functools.cache
def compiled(cls, tasks, **options):
    """A method without state as a graph, one for all tests."""
    return tf.function(built(cls, tasks, **options), autograph=False)


def weigh(method, jacobian, losses=None, present=None):
    """The weights for a Jacobian (T, P), as float64."""
    jacobian = np.asarray(jacobian, np.float64)
    losses = tf.constant(np.ones(len(jacobian)) if losses is None else losses, tf.float32)
    gramian = tf.constant(jacobian @ jacobian.T)
    return method(losses=losses, gramian=gramian, present=present).numpy().astype(float)


def direct(method, jacobian, losses=None, present=None):
    """The direction for a Jacobian."""
    return weigh(method, jacobian, losses, present) @ np.asarray(jacobian, np.float64)


def rounding(jacobian, weights):
    """Length of what rounding of the weights to float32 may do to the direction."""
    return FLOAT32 * np.abs(weights) @ np.linalg.norm(np.asarray(jacobian, float), axis=1)


def near(jacobian, weights, wanted, kind=None):
    """Whether the direction is the wanted one: to 1e-5 of it, 1e-3 where it nearly vanishes."""
    limit = 1e-3 if kind == "near_stationary" else 1e-5
    distance = np.linalg.norm(weights @ np.asarray(jacobian, np.float64) - wanted)
    return distance <= limit * np.linalg.norm(wanted) + rounding(jacobian, weights)


def assert_reference(method, reference, tasks, seeds=1, first_seed=0, floor=0.0):
    """Compares a built method with a float64 reference on every kind of Jacobian.

    Where the reference says that there is no answer, the weights must be finite. Directions below
    `floor`, in parts of the longest gradient, count as 0.
    """
    for kind in KINDS:
        for seed in range(first_seed, first_seed + seeds):
            jacobian = jacobians(kind, tasks, 60, seed)
            wanted, info = reference(jacobian)
            weights = weigh(method, jacobian)
            assert np.isfinite(weights).all(), (kind, seed)
            if wanted is not None:
                assert info.get("kkt", 0.0) < 1e-7
                least = floor * np.linalg.norm(jacobian.astype(float), axis=1).max()
                small = np.linalg.norm(wanted) <= least >= np.linalg.norm(weights @ jacobian)
                assert small or near(jacobian, weights, wanted, kind), (kind, seed)


def assert_as_if_absent(cls, **options):
    """An absent task weighs nothing and changes nothing for the others."""
    jacobian = jacobians("conflicting", 4, 9, 5).astype(np.float64)
    kept = [0, 2, 3]
    losses = np.array([0.5, np.nan, 2.0, 1.0])
    poisoned = jacobian.copy()
    poisoned[1] = 1e10
    found = weigh(built(cls, 4, **options), poisoned, losses, [True, False, True, True])
    wanted = weigh(built(cls, 3, **options), jacobian[kept], losses[kept])
    np.testing.assert_allclose(found[kept], wanted, rtol=1e-6)
    assert found[1] == 0
    nobody = weigh(built(cls, 4, **options), poisoned, losses, [False] * 4)
    np.testing.assert_array_equal(nobody, 0)


def assert_bad_input_keeps_the_last_weights(cls, tasks=3, **options):
    """A Gramian that is not finite leaves the last good weights, and is counted."""
    method = built(cls, tasks, **options)
    good = weigh(method, jacobians("random", tasks, 9, 1))
    for count, bad in enumerate((np.nan, np.inf), start=1):
        weights = weigh(method, np.full((tasks, 2), bad))
        np.testing.assert_array_equal(weights, np.float32(good))
        assert int(method.failures) == count
