"""Per-task losses and metrics that know missing labels."""

import keras
import tensorflow as tf

# Losses that average independent terms over the last axis: single entries may be missing.
_ELEMENTWISE = {
    keras.losses.binary_crossentropy,
    keras.losses.binary_focal_crossentropy,
    keras.losses.mean_squared_error,
    keras.losses.mean_absolute_error,
    keras.losses.mean_absolute_percentage_error,
    keras.losses.mean_squared_logarithmic_error,
    keras.losses.huber,
    keras.losses.log_cosh,
    keras.losses.poisson,
    keras.losses.hinge,
    keras.losses.squared_hinge,
}
_BINARY = {keras.losses.binary_crossentropy, keras.losses.binary_focal_crossentropy}
_SPARSE = {keras.losses.sparse_categorical_crossentropy}
_CATEGORICAL = {
    keras.losses.categorical_crossentropy,
    keras.losses.categorical_focal_crossentropy,
}


def get_loss(task, loss):
    """Returns the Keras loss object for a name, function, config or object.

    Args:
        task: str, for the error message.
        loss: what `keras.losses.get` takes.

    Raises:
        ValueError: the loss is not known, or does not reduce over the batch.

    Example:
        >>> get_loss("digits", "mse").name
        'mean_squared_error'
    """
    try:
        found = keras.losses.get(loss)
    except ValueError as error:
        raise ValueError(f"Task {task!r}: unknown loss. Received: loss={loss!r}") from error
    if not isinstance(found, keras.losses.Loss):
        name = getattr(found, "__name__", "loss")
        found = _FunctionLoss(found, name=name)
    if found.reduction in (None, "none"):
        raise ValueError(
            f"Task {task!r}: the loss must reduce over the batch (reduction "
            f"'sum_over_batch_size'). Received: reduction={found.reduction!r}"
        )
    return found


@keras.saving.register_keras_serializable("mtl_keras")
class _FunctionLoss(keras.losses.Loss):
    """A loss function as a loss object."""

    def __init__(self, fn, name=None, **kwargs):
        super().__init__(name=name, **kwargs)
        self.fn = fn

    def call(self, y_true, y_pred):
        return self.fn(y_true, y_pred)

    def get_config(self):
        return {**super().get_config(), "fn": keras.saving.serialize_keras_object(self.fn)}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        config["fn"] = keras.saving.deserialize_keras_object(config["fn"])
        return cls(**config)


def kind(loss):
    """Returns what a loss is for: `"binary"`, `"sparse"`, `"categorical"` or `"other"`.

    Example:
        >>> kind(keras.losses.BinaryCrossentropy())
        'binary'
    """
    fn = getattr(loss, "fn", None)
    for name, functions in (
        ("binary", _BINARY),
        ("sparse", _SPARSE),
        ("categorical", _CATEGORICAL),
    ):
        if fn in functions:
            return name
    return "other"


def from_logits(loss):
    """Returns whether a loss takes logits.

    Example:
        >>> from_logits(keras.losses.BinaryCrossentropy(from_logits=True))
        True
    """
    return bool(getattr(loss, "_fn_kwargs", {}).get("from_logits", False))


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
    if isinstance(metric, keras.metrics.Metric):
        return metric.name, metric
    if isinstance(metric, dict):
        metric = keras.metrics.deserialize(metric)
        return metric.name, metric
    name = metric if isinstance(metric, str) else getattr(metric, "__name__", str(metric))
    logits, label_kind = from_logits(loss), kind(loss)
    if label_kind == "other":
        label_kind = "binary" if num_outputs == 1 else "sparse"
    full = f"{task}_{name}"
    key = name.lower().replace("_", "")
    threshold = 0.0 if logits else 0.5
    if key in ("accuracy", "acc"):
        if label_kind == "binary":
            return name, keras.metrics.BinaryAccuracy(threshold=threshold, name=full)
        if label_kind == "sparse":
            return name, keras.metrics.SparseCategoricalAccuracy(name=full)
        return name, keras.metrics.CategoricalAccuracy(name=full)
    if key in ("crossentropy", "ce"):
        cls = {
            "binary": keras.metrics.BinaryCrossentropy,
            "sparse": keras.metrics.SparseCategoricalCrossentropy,
            "categorical": keras.metrics.CategoricalCrossentropy,
        }[label_kind]
        return name, cls(from_logits=logits, name=full)
    if key == "auc":
        return name, keras.metrics.AUC(from_logits=logits, name=full)
    if key in ("precision", "recall") and logits:
        cls = keras.metrics.Precision if key == "precision" else keras.metrics.Recall
        return name, cls(thresholds=0.0, name=full)
    try:
        found = keras.metrics.get(metric)
    except ValueError as error:
        raise ValueError(f"Task {task!r}: unknown metric. Received: metric={metric!r}") from error
    if isinstance(found, keras.metrics.Metric):
        return found.name, found
    return name, keras.metrics.MeanMetricWrapper(found, name=full)


def prepare(task, loss, y_true, y_pred, sample_weight=None):
    """Replaces missing labels by legal ones and says where labels were.

    Missing is -1 in integer labels, NaN in float labels, and any label with sample weight 0.

    Args:
        task: str, for error messages.
        loss: the loss object of the task.
        y_true: labels: (batch,) or (batch, 1) class numbers, or of the shape of `y_pred`.
        y_pred: outputs of the task, (batch, ...).
        sample_weight: float (batch,) or `None`.

    Returns:
        (labels, mask, weights): labels of the shape that the loss takes; bool mask of the same
        shape as the labels, or (batch, ...) without the last axis where an entry cannot be
        missing alone; float32 weights (batch,) or `None`.

    Raises:
        ValueError: the shape or dtype of the labels does not fit the loss.
    """
    y_true = tf.convert_to_tensor(y_true)
    if not (y_true.dtype.is_floating or y_true.dtype.is_integer or y_true.dtype.is_bool):
        raise ValueError(
            f"Task {task!r}: labels must be integers or floats. Received: dtype {y_true.dtype.name}"
        )
    if y_true.dtype.is_bool:
        y_true = tf.cast(y_true, tf.int32)
    y_true = _fit_shape(task, loss, y_true, y_pred)
    floating = y_true.dtype.is_floating
    mask = ~tf.math.is_nan(y_true) if floating else tf.not_equal(y_true, -1)
    if sample_weight is not None:
        sample_weight = tf.reshape(tf.cast(sample_weight, tf.float32), [-1])
        kept = tf.reshape(sample_weight > 0, [-1] + [1] * (mask.shape.rank - 1))
        mask = mask & kept
        sample_weight = tf.where(sample_weight > 0, sample_weight, 0.0)
    labels = tf.where(mask, y_true, tf.zeros_like(y_true))
    if not floating:
        labels = _check_classes(task, loss, labels, y_pred)
    if kind(loss) != "sparse" and getattr(loss, "fn", None) not in _ELEMENTWISE:
        mask = tf.reduce_all(mask, axis=-1)
    return labels, mask, sample_weight


def _fit_shape(task, loss, y_true, y_pred):
    rank, out = y_true.shape.rank, y_pred.shape.rank
    if kind(loss) == "sparse":
        if y_true.dtype.is_floating:
            y_true = tf.cast(tf.where(tf.math.is_nan(y_true), -1.0, y_true), tf.int32)
        if rank == out and y_true.shape[-1] == 1:
            return tf.squeeze(y_true, -1)
        if rank == out - 1:
            return y_true
        wanted = f"class numbers of shape ({', '.join(['batch', *map(str, y_pred.shape[1:-1])])},)"
    else:
        if rank == out - 1 and y_pred.shape[-1] == 1:
            return y_true[..., None]
        if rank == out and y_true.shape[1:].is_compatible_with(y_pred.shape[1:]):
            return y_true
        wanted = f"the shape of the output, {tuple(y_pred.shape)}"
    raise ValueError(
        f"Task {task!r}: labels must be {wanted} for the loss {loss.name}. "
        f"Received: labels of shape {tuple(y_true.shape)} and dtype {y_true.dtype.name}"
    )


def _check_classes(task, loss, labels, y_pred):
    """Refuses labels outside the classes; XLA drops the check and gives NaN."""
    classes = {"sparse": y_pred.shape[-1], "binary": 2}.get(kind(loss))
    if classes is None:
        return labels
    low, high = tf.reduce_min(labels), tf.reduce_max(labels)
    check = tf.debugging.Assert(
        (low >= 0) & (high < classes),
        [f"Task {task!r}: labels must be in 0..{classes - 1} or -1 (missing). Received:", low, high],
    )
    with tf.control_dependencies([check] if check is not None else []):
        return tf.identity(labels)


def masked_sum(loss, labels, mask, weights, y_pred):
    """Returns the summed loss over the labelled rows and what to divide it by.

    Args:
        loss: the loss object.
        labels, mask, weights: as `prepare` returns them.
        y_pred: outputs of the task.

    Returns:
        (sum, weight), float32 scalars: the loss is sum / weight, or nothing where weight is 0.
    """
    y_pred = tf.cast(y_pred, tf.float32)
    labels = labels if kind(loss) == "sparse" else tf.cast(labels, tf.float32)
    if mask.shape.rank == labels.shape.rank and kind(loss) != "sparse":
        values, kept = _entrywise(loss, labels, mask, y_pred)
    else:
        values, kept = loss.call(labels, y_pred), tf.cast(mask, tf.float32)
    if weights is not None:
        kept *= tf.reshape(weights, [-1] + [1] * (kept.shape.rank - 1))
    return tf.reduce_sum(values * kept), tf.reduce_sum(kept)


def _entrywise(loss, labels, mask, y_pred):
    """Row losses as means over the labelled entries of the last axis."""
    kept = tf.cast(mask, tf.float32)
    if labels.shape[-1] == 1:
        return loss.call(labels, y_pred), kept[..., 0]
    entries = loss.call(labels[..., None], y_pred[..., None])
    size = tf.cast(tf.shape(kept)[-1], tf.float32)
    share = tf.math.divide_no_nan(size, tf.reduce_sum(kept, axis=-1))
    rows = tf.reduce_mean(entries * kept, axis=-1) * share
    return rows, tf.cast(tf.reduce_any(mask, axis=-1), tf.float32)


def update_metric(metric, labels, mask, weights, y_pred):
    """Updates a metric with the labelled rows (or entries) only.

    Metrics that are means over entries see single missing entries; others (F1, multi-label AUC)
    leave out a row with any missing entry.
    """
    kept = tf.cast(mask, tf.float32)
    if weights is not None:
        kept *= tf.reshape(weights, [-1] + [1] * (kept.shape.rank - 1))
    if mask.shape.rank == labels.shape.rank and labels.shape.rank == y_pred.shape.rank:
        if isinstance(metric, keras.metrics.MeanMetricWrapper) and y_pred.shape[-1] != 1:
            labels, y_pred, kept = (tf.reshape(t, [-1, 1]) for t in (labels, y_pred, kept))
        kept = tf.reduce_min(kept, axis=-1)
    metric.update_state(labels, y_pred, sample_weight=kept)


class TaskBoard:
    """The running means of one task: its loss over labelled rows, and its metrics.

    Args:
        task: str.
        loss: loss object.
        metrics: list of (name, metric object): counted with labels only.
        weighted_metrics: list of the same, with sample weights too.
    """

    def __init__(self, task, loss, metrics, weighted_metrics):
        self.task = task
        self.loss = loss
        self.mean = keras.metrics.Mean(name=f"{task}_loss")
        self.mean._direction = "down"
        self.plain, self.weighted = metrics, weighted_metrics

    @property
    def all(self):
        """All Keras metric objects."""
        return [self.mean, *(metric for _, metric in self.plain + self.weighted)]

    def update(self, value, weight, labels, mask, weights, y_pred):
        """Takes in one batch: its mean loss, the weight of it, and what `prepare` returned."""
        self.mean.update_state(value, sample_weight=weight)
        y_pred = tf.cast(y_pred, tf.float32)
        for _, metric in self.plain:
            update_metric(metric, labels, mask, None, y_pred)
        for _, metric in self.weighted:
            update_metric(metric, labels, mask, weights, y_pred)

    def results(self):
        """Returns the logs of the task: NaN, never 0, where it had no label."""
        seen = self.mean.count > 0
        logs = {f"{self.task}_loss": tf.where(seen, self.mean.result(), float("nan"))}
        for name, metric in self.plain + self.weighted:
            result = metric.result()
            if isinstance(result, dict):
                logs |= {f"{self.task}_{key}": value for key, value in result.items()}
            else:
                logs[f"{self.task}_{name}"] = tf.where(
                    seen, result, tf.cast(float("nan"), result.dtype)
                )
        return logs
