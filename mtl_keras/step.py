"""The losses of the tasks in one step, and their gradients where one backward pass will do."""

import dataclasses
import math

import tensorflow as tf

from mtl_keras import losses as task_losses


@dataclasses.dataclass
class Batch:
    """The task losses of one batch.

    Attributes:
        values: list of scalars, the mean loss of each task over its labelled rows of all
            replicas (this replica's part of it), times its `loss_weights`.
        present: bool tensor (T,), whether the task has a labelled row on any replica.
        halves: for methods that see two halves of the batch: for each task the mean loss of either
            half and its share of the labelled rows, (losses (2,), shares (2,)). Else empty.
    """

    values: list
    present: tf.Tensor
    halves: list = dataclasses.field(default_factory=list)

    @property
    def losses(self):
        """The task losses (T,) over all replicas; gradients flow to this replica's part."""
        stacked = tf.stack(self.values)
        if replicas() == 1:
            return stacked
        return stacked + tf.stop_gradient(all_reduce(stacked) - stacked)


def replicas():
    """Returns the number of replicas of the running strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def all_reduce(value):
    """Sums a tensor over the replicas."""
    if replicas() == 1:
        return value
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, value)


def check_labels(boards, y, sample_weight, outputs):
    """Checks the labels, outside XLA, which drops assertions.

    Args:
        boards, y, sample_weight: as for `batch_losses`.
        outputs: dict task -> output tensor of the model, for its shape.

    Returns:
        (checked, complete): what the step must wait for, a list of tensors; whether every task has
        every label, a bool tensor, or `None` where it cannot be so.
    """
    checked, complete = [], []
    for task, board in boards.items():
        if y.get(task) is not None:
            labels, mask, _ = task_losses.prepare(
                task, board.loss, y[task], outputs[task], sample_weight.get(task)
            )
            checked.append(labels)
            complete.append(tf.reduce_all(mask))
    if sample_weight or len(complete) < len(boards):
        return checked, None
    return checked, tf.reduce_all(tf.stack(complete))


def batch_losses(
    boards,
    y,
    y_pred,
    sample_weight,
    class_weight=None,
    loss_weights=None,
    plain=False,
    by_half=False,
    log=True,
):
    """Computes the losses of a batch and takes them in the boards.

    Args:
        boards: dict task -> `losses.TaskBoard`.
        y: dict task -> labels; a missing key is the same as all rows missing.
        y_pred: dict task -> outputs.
        sample_weight: dict task -> (batch,) weights.
        class_weight: dict task -> (classes,) weights.
        loss_weights: dict task -> float.
        plain: bool, no label is missing and the losses are Keras' own, to the last bit.
        by_half: bool, also compute the losses of the two halves of the rows.
        log: bool, whether the boards take them in.

    Returns:
        A `Batch`, in the order of the boards.
    """
    class_weight, loss_weights = class_weight or {}, loss_weights or {}
    terms, halves = {}, []
    for task, board in boards.items():
        if y.get(task) is None:
            halves.append((tf.zeros([2]), tf.zeros([2])))
            continue
        labels, mask, weights = task_losses.prepare(
            task, board.loss, y[task], y_pred[task], sample_weight.get(task)
        )
        mask = task_losses.without_masked(mask, y_pred[task])
        if task in class_weight:
            weights = task_losses.weigh_classes(class_weight[task], labels, weights)
        total, weight = task_losses.masked_sum(board.loss, labels, mask, weights, y_pred[task])
        if log:
            board.update(
                tf.math.divide_no_nan(total, weight), weight, labels, mask, weights, y_pred[task]
            )
        terms[task] = (total, weight)
        if by_half:
            half_losses, shares = _halves(board.loss, labels, mask, weights, y_pred[task])
            halves.append((half_losses * loss_weights.get(task, 1.0), shares))
    nothing = (tf.constant(0.0), tf.constant(0.0))
    counts = all_reduce(tf.stack([terms.get(task, nothing)[1] for task in boards]))
    values = []
    for index, (task, board) in enumerate(boards.items()):
        total, _ = terms.get(task, nothing)
        if plain:
            value = board.loss(y[task], y_pred[task])
        elif board.loss.reduction == "sum":
            value = total
        else:
            value = tf.math.divide_no_nan(total, counts[index])
        factor = loss_weights.get(task, 1.0)
        values.append(value if factor == 1.0 else value * factor)
    return Batch(values, counts > 0, halves)


def _halves(loss, labels, mask, weights, y_pred):
    """Returns the mean losses of the first and second half of the rows, and their shares."""
    rows = tf.shape(labels)[0]
    first = tf.cast(tf.range(rows) < (rows + 1) // 2, tf.float32)
    sums = [
        task_losses.masked_sum(
            loss, labels, mask, side if weights is None else side * weights, y_pred
        )
        for side in (first, 1 - first)
    ]
    counts = all_reduce(tf.stack([count for _, count in sums]))
    totals = tf.stack([total for total, _ in sums])
    shares = tf.math.divide_no_nan(counts, tf.reduce_sum(counts))
    return tf.math.divide_no_nan(totals, counts), shares


def loss_gradients(tape, weighting, batch, extra, optimizer, variables):
    """One backward pass of the combined loss.

    Returns:
        (gradients in the order of the variables, decision): the decision is a dict with the
        `weights` (T,) that the method came to, or empty without a method.
    """
    decision = {}
    with tape:
        if weighting is None:
            objective = sum(batch.values[1:], batch.values[0])
        else:
            losses = batch.losses
            with tf.GradientTape() as inner:
                inner.watch(losses)
                objective = weighting(losses=losses, present=batch.present)
        total = optimizer.scale_loss(objective if extra is None else objective + extra)
    if weighting is not None:
        decision["weights"] = inner.gradient(objective, losses, unconnected_gradients="zero")
    gradients = tape.gradient(total, variables)
    if weighting is not None and replicas() > 1:
        # Every replica holds the whole gradient of what the method learns.
        learned = {id(v) for v in weighting.trainable_variables}
        gradients = [
            g / replicas() if g is not None and id(v) in learned else g
            for g, v in zip(gradients, variables)
        ]
    return gradients, decision


def first_rows(tree, fraction):
    """Returns the first `ceil(fraction * rows)` rows of every tensor.

    Example:
        >>> first_rows({"x": tf.range(5), "y": tf.range(2)}, 0.5)["x"].numpy().tolist()
        [0, 1, 2]
    """

    def cut(tensor):
        rows = tensor.shape[0]
        if rows is not None:
            return tensor[: math.ceil(fraction * rows)]
        rows = tf.cast(tf.shape(tensor)[0], tf.float32)
        return tensor[: tf.cast(tf.math.ceil(fraction * rows), tf.int32)]

    return tf.nest.map_structure(cut, tree)
