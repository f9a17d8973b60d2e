"""Per-task losses that know missing labels."""

import re

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
    if y_true.dtype.is_bool or y_true.dtype.is_unsigned:
        y_true = tf.cast(y_true, tf.int32)
    y_true = _fit_shape(task, loss, y_true, tuple(y_pred.shape))
    mask = ~tf.math.is_nan(y_true) if y_true.dtype.is_floating else y_true != -1
    if sample_weight is not None:
        sample_weight = _row_weights(task, sample_weight)
        kept = sample_weight > 0
        mask = mask & tf.reshape(kept, [-1] + [1] * (mask.shape.rank - 1))
        sample_weight = tf.where(kept, sample_weight, 0.0)
    labels = tf.where(mask, y_true, tf.zeros_like(y_true))
    labels = _check_classes(task, loss, labels, y_pred.shape[-1])
    if kind(loss) != "sparse" and getattr(loss, "fn", None) not in _ELEMENTWISE:
        mask = tf.reduce_all(mask, axis=-1)
    return labels, mask, sample_weight


def _row_weights(task, sample_weight):
    sample_weight = tf.cast(sample_weight, tf.float32)
    if any(size != 1 for size in sample_weight.shape[1:]):
        raise ValueError(
            f"Task {task!r}: sample weights must have shape (batch,), one for each row. "
            f"Received: shape {tuple(sample_weight.shape)}"
        )
    return tf.reshape(sample_weight, [-1])


def _fit_shape(task, loss, y_true, output):
    """Returns the labels in the shape that the loss takes, for an output of a given shape."""
    shape = tuple(y_true.shape)
    if kind(loss) == "sparse":
        if y_true.dtype.is_floating:
            y_true = tf.cast(tf.where(tf.math.is_nan(y_true), -1.0, y_true), tf.int32)
        if len(shape) == len(output) and shape[-1] == 1:
            return tf.squeeze(y_true, -1)
        if len(shape) == len(output) - 1:
            return y_true
        wanted = f"class numbers of shape ({', '.join(['batch', *map(str, output[1:-1])])},)"
    else:
        if len(shape) == len(output) - 1 and output[-1] == 1:
            return y_true[..., None]
        if len(shape) == len(output) and all(
            None in (a, b) or a == b for a, b in zip(shape[1:], output[1:])
        ):
            return y_true
        wanted = f"the shape of the output, {output}"
    raise ValueError(
        f"Task {task!r}: labels must be {wanted} for the loss {loss.name}. "
        f"Received: labels of shape {shape} and dtype {y_true.dtype.name}"
    )


def _check_classes(task, loss, labels, outputs):
    """Refuses labels outside the classes."""
    last = {"sparse": outputs - 1, "binary": 1}.get(kind(loss))
    if last is None:
        return labels
    low, high = tf.reduce_min(labels), tf.reduce_max(labels)
    missing = "NaN" if labels.dtype.is_floating else -1
    check = tf.debugging.Assert(
        (low >= 0) & (high <= last),
        [
            f"Task {task!r}: labels must be in 0..{last} or {missing} (missing). Received:",
            low,
            high,
        ],
    )
    with tf.control_dependencies([check] if check is not None else []):
        return tf.identity(labels)


def without_masked(mask, y_pred):
    """Takes out what layers have masked, such as padding under `Embedding(mask_zero=True)`."""
    layer_mask = getattr(y_pred, "_keras_mask", None)
    if layer_mask is None or layer_mask.shape.rank > mask.shape.rank:
        return mask
    return mask & spread(tf.cast(layer_mask, tf.bool), mask)


def label_error(error):
    """Returns the `ValueError` for what a check of labels said inside a graph, or `None`.

    Args:
        error: a `tf.errors.InvalidArgumentError`, most of whose message is about the graph.
    """
    said = r"(Task .+? labels must be in .+?\(missing\))\. Received:[\]\"']*"
    found = re.search(said + r"\s+\[?([^\]\s]+)\]?\s+\[?([^\]\s]+)", str(error).replace("\\'", "'"))
    return found and ValueError("{}. Received: labels from {} to {}".format(*found.groups()))


def weigh_classes(class_weight, labels, weights):
    """Returns the weights of rows (or places) by class, times their sample weights.

    Args:
        class_weight: list of floats, one for each class.
        labels, weights: as `prepare` returns them.
    """
    labels = labels[..., 0] if labels.shape.rank > 1 and labels.shape[-1] == 1 else labels
    by_class = tf.gather(class_weight, tf.cast(labels, tf.int32))
    return by_class if weights is None else by_class * spread(weights, by_class)


def masked_sum(loss, labels, mask, weights, y_pred):
    """Returns the summed loss over the labelled rows and what to divide it by.

    Args:
        loss: the loss object.
        labels, mask: as `prepare` returns them.
        weights: float32 (batch,), or one for each labelled place, or `None`.
        y_pred: outputs of the task.

    Returns:
        (sum, weight), float32 scalars: the loss is sum / weight, or nothing where weight is 0.

    Raises:
        ValueError: the loss gives one number for the whole batch.
    """
    y_pred = tf.cast(y_pred, tf.float32)
    labels = labels if kind(loss) == "sparse" else tf.cast(labels, tf.float32)
    if mask.shape.rank == labels.shape.rank and kind(loss) != "sparse":
        values, kept = _entrywise(loss, labels, mask, y_pred)
    else:
        values = loss.call(labels, y_pred)
        if values.shape.rank == 0:
            raise ValueError(
                f"The loss {loss.name} must give one value for each row, since rows without label "
                "are left out. Received: one number for the batch"
            )
        kept = _fit_rank(tf.cast(mask, tf.float32), values)
    if weights is not None:
        kept *= spread(weights, kept)
    return tf.reduce_sum(values * kept), tf.reduce_sum(kept)


def _fit_rank(kept, values):
    """A row of which some entries are missing is left out; a loss may keep the last axis."""
    if kept.shape.rank > values.shape.rank:
        return tf.reduce_min(kept, axis=list(range(values.shape.rank, kept.shape.rank)))
    if kept.shape.rank < values.shape.rank:
        return spread(kept, values) * tf.ones_like(values)
    return kept


def spread(weights, like):
    """Adds axes of size 1 up to the rank of another tensor.

    Example:
        >>> spread(tf.ones([4]), tf.ones([4, 2, 3])).shape
        TensorShape([4, 1, 1])
    """
    for _ in range(like.shape.rank - weights.shape.rank):
        weights = weights[..., None]
    return weights


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
