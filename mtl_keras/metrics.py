"""Per-task metrics that know logits and missing labels."""

import keras
import tensorflow as tf

from mtl_keras import losses

# What Keras calls the metric of a short name, by the kind of the labels.
_BY_KIND = {
    "accuracy": {
        "binary": "BinaryAccuracy",
        "sparse": "SparseCategoricalAccuracy",
        "categorical": "CategoricalAccuracy",
    },
    "crossentropy": {
        "binary": "BinaryCrossentropy",
        "sparse": "SparseCategoricalCrossentropy",
        "categorical": "CategoricalCrossentropy",
    },
}
# Metrics that are means over single entries.
_ENTRYWISE = (
    keras.metrics.Accuracy,
    keras.metrics.BinaryAccuracy,
    keras.metrics.BinaryCrossentropy,
    keras.metrics.Hinge,
    keras.metrics.LogCoshError,
    keras.metrics.MeanAbsoluteError,
    keras.metrics.MeanAbsolutePercentageError,
    keras.metrics.MeanSquaredError,
    keras.metrics.MeanSquaredLogarithmicError,
    keras.metrics.Poisson,
    keras.metrics.SquaredHinge,
)
# Metrics that count single entries, unless they look at each class by itself.
_COUNTING = (keras.metrics.AUC, keras.metrics.Precision, keras.metrics.Recall)


def get_metric(task, metric, loss, num_outputs):
    """Returns a metric object; a metric given by name knows the logits of its task's loss.

    Args:
        task: str, for the name and the error message.
        metric: a name such as `"accuracy"` or `"auc"`, or a `keras.metrics.Metric`.
        loss: the loss object of the task, or `None`.
        num_outputs: int, size of the last axis of the task's output.

    Returns:
        (name in the logs without the task, metric object).

    Raises:
        ValueError: the metric is not known.

    Example:
        >>> loss = keras.losses.BinaryCrossentropy(from_logits=True)
        >>> name, metric = get_metric("match", "accuracy", loss, 1)
        >>> name, metric.threshold
        ('accuracy', 0.0)
    """
    if isinstance(metric, dict):
        metric = keras.metrics.deserialize(metric)
    if isinstance(metric, keras.metrics.Metric):
        return metric.name, metric
    name = metric if isinstance(metric, str) else getattr(metric, "__name__", str(metric))
    label_kind = losses.kind(loss)
    if label_kind == "other":
        label_kind = "binary" if num_outputs == 1 else "sparse"
    key = {"acc": "accuracy", "ce": "crossentropy"}.get(name.lower(), name.lower())
    try:
        found = keras.metrics.get(_BY_KIND.get(key, {}).get(label_kind, metric))
    except ValueError as error:
        raise ValueError(f"Task {task!r}: unknown metric. Received: metric={metric!r}") from error
    if not isinstance(found, keras.metrics.Metric):
        return name, keras.metrics.MeanMetricWrapper(found, name=f"{task}_{name}")
    if isinstance(metric, str) and losses.from_logits(loss):
        found = _on_logits(found)
    found.name = f"{task}_{name}"
    return name, found


def _on_logits(metric):
    """Returns the metric for outputs that are logits; a probability of one half is logit 0."""
    config = metric.get_config()
    if "from_logits" in config:
        config["from_logits"] = True
    elif config.get("threshold") == 0.5:
        config["threshold"] = 0.0
    elif "thresholds" in config and config["thresholds"] is None and not config.get("top_k"):
        config["thresholds"] = 0.0
    else:
        return metric
    return type(metric).from_config(config)


def fresh(metric, name):
    """Returns a metric of the same kind under a name, with a state of its own.

    Example:
        >>> metric = fresh(keras.metrics.BinaryAccuracy(threshold=0.0), "accuracy")
        >>> metric.name, metric.threshold
        ('accuracy', 0.0)
    """
    if type(metric) is keras.metrics.MeanMetricWrapper:  # of a function that may have no name
        return keras.metrics.MeanMetricWrapper(metric._fn, name=name, **metric._fn_kwargs)
    return type(metric).from_config({**metric.get_config(), "name": name})


def update_metric(metric, labels, mask, weights, y_pred):
    """Updates a metric with the labelled rows (or entries) only.

    Metrics that are means over entries or count them see single missing entries; others (F1, an AUC
    for each label) leave out a row with any missing entry.
    """
    kept = tf.cast(mask, tf.float32)
    if weights is not None:
        kept *= losses.spread(weights, kept)
    if mask.shape.rank == labels.shape.rank == y_pred.shape.rank:
        if _sees_entries(metric) and y_pred.shape[-1] != 1:
            labels, y_pred, kept = (tf.reshape(t, [-1, 1]) for t in (labels, y_pred, kept))
        kept = tf.reduce_min(kept, axis=-1)
    metric.update_state(labels, y_pred, sample_weight=kept)


def _sees_entries(metric):
    by_class = any(getattr(metric, key, None) for key in ("multi_label", "top_k"))
    by_class = by_class or getattr(metric, "class_id", None) is not None
    return isinstance(metric, _ENTRYWISE) or (isinstance(metric, _COUNTING) and not by_class)
