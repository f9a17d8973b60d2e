"""What a head does where labels are missing."""

import numpy as np
import tensorflow as tf

from mtl_keras import losses, metrics


def mean_and_gradient(loss, labels, outputs, weights=None):
    """The mean loss over what is labelled, and its gradient at the outputs."""
    outputs = tf.Variable(outputs)
    with tf.GradientTape() as tape:
        labels, mask, kept = losses.prepare("task", loss, labels, outputs, weights)
        total, weight = losses.masked_sum(loss, labels, mask, kept, outputs)
        mean = tf.math.divide_no_nan(total, weight)
    return float(mean), tape.gradient(mean, outputs).numpy()


def scores(loss, asked, labels, outputs):
    """The metrics of a head over two batches, by name."""
    found = {}
    for each in asked:
        name, metric = metrics.get_metric("task", each, loss, outputs.shape[-1])
        for half in (slice(0, 2), slice(2, None)):
            ready, mask, _ = losses.prepare("task", loss, labels[half], outputs[half])
            metrics.update_metric(metric, ready, mask, None, tf.constant(outputs[half]))
        found[name] = float(metric.result())
    return found


def check_nothing_labelled(loss, labels, outputs):
    """All labels missing: no loss, no gradient."""
    filler = np.nan if labels.dtype.kind == "f" else -1
    value, gradient = mean_and_gradient(loss, np.full_like(labels, filler), outputs)
    assert value == 0
    assert not gradient.any()


def check_fillers_cannot_leak(loss, labels, outputs, fillers):
    """A row of weight 0 may hold anything."""
    weights = np.ones(len(labels), "float32")
    weights[1] = 0
    found = []
    for filler in fillers:
        poisoned = labels.copy()
        poisoned[1] = filler
        found.append(mean_and_gradient(loss, poisoned, outputs, weights))
    for value, gradient in found:
        assert value == found[0][0]
        np.testing.assert_array_equal(gradient, found[0][1])
    assert np.isfinite(found[0][1]).all()
    assert not found[0][1][1].any()
