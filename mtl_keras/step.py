"""One training step: losses of the tasks, their gradients, and what absent tasks keep."""

import dataclasses

import tensorflow as tf

from mtl_keras import losses as task_losses
from mtl_keras.weighting import jacobian as task_gradients


@dataclasses.dataclass
class Batch:
    """The task losses of one batch.

    Attributes:
        values: list of scalars, the mean loss of each task over its labelled rows of all
            replicas (this replica's part of it), times its `loss_weights`.
        present: bool tensor (T,), whether the task has a labelled row on any replica.
    """

    values: list
    present: tf.Tensor

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


def _all_reduce_gradients(gradients):
    """Sums lists of gradients, of which some are None, over the replicas in one operation.

    Many small sums would wait for each other's threads on a CPU.
    """
    found = [g for task in gradients for g in task if g is not None]
    if replicas() == 1 or not found:
        return gradients
    flat = all_reduce(tf.concat([tf.reshape(g, [-1]) for g in found], axis=0))
    parts = iter(task_gradients.split(flat, found))
    return [[None if g is None else next(parts) for g in task] for task in gradients]


def no_label_missing(boards, y, sample_weight):
    """Returns whether every task has every label, a bool tensor; None where it cannot be so."""
    if sample_weight or any(y.get(task) is None for task in boards):
        return None
    known = [
        tf.reduce_all(~tf.math.is_nan(y[task]) if y[task].dtype.is_floating else y[task] != -1)
        for task in boards
    ]
    return tf.reduce_all(tf.stack(known))


def batch_losses(
    boards, y, y_pred, sample_weight, class_weight=None, loss_weights=None, plain=False
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

    Returns:
        A `Batch`, in the order of the boards.
    """
    class_weight, loss_weights = class_weight or {}, loss_weights or {}
    terms = {}
    for task, board in boards.items():
        if y.get(task) is None:
            continue
        labels, mask, weights = task_losses.prepare(
            task, board.loss, y[task], y_pred[task], sample_weight.get(task)
        )
        row_weights = weights
        if task in class_weight:
            by_class = tf.gather(class_weight[task], tf.cast(tf.reshape(labels, [-1]), tf.int32))
            row_weights = by_class if weights is None else by_class * weights
        total, weight = task_losses.masked_sum(board.loss, labels, mask, row_weights, y_pred[task])
        board.update(
            tf.math.divide_no_nan(total, weight), weight, labels, mask, weights, y_pred[task]
        )
        terms[task] = (total, weight)
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
    return Batch(values, counts > 0)


def loss_gradients(tape, weighting, batch, extra, optimizer, variables):
    """One backward pass of the combined loss.

    Returns:
        A list of gradients, in the order of the variables.
    """
    with tape:
        if weighting is None:
            objective = sum(batch.values[1:], batch.values[0])
        else:
            objective = weighting(losses=batch.losses, present=batch.present)
        if extra is not None:
            objective = objective + extra
        objective = optimizer.scale_loss(objective)
    gradients = tape.gradient(objective, variables)
    if weighting is not None and replicas() > 1:
        # Every replica holds the whole gradient of what the method learns.
        learned = {id(v) for v in weighting.trainable_variables}
        gradients = [
            g / replicas() if g is not None and id(v) in learned else g
            for g, v in zip(gradients, variables)
        ]
    return gradients


def task_gradient_step(tape, weighting, batch, extra, optimizer, reach, variables):
    """T backward passes, one for each task, and the weighting's decision.

    Returns:
        (gradients in the order of the variables, decision): the decision is a dict with
        `weights` (T,) and `gramian` (T, T), or empty where the method gives a direction.
    """
    with tape:
        scaled = [optimizer.scale_loss(value) for value in batch.values]
        scaled_extra = None if extra is None else optimizer.scale_loss(extra)
    factor = optimizer.scale_loss(tf.constant(1.0))
    shared, own, total = [], {}, {}
    for task, value in zip(reach.own, scaled):
        found = tape.gradient(value, reach.shared + reach.own[task])
        shared.append(
            [
                None if g is None else tf.convert_to_tensor(g) / factor
                for g in found[: len(reach.shared)]
            ]
        )
        own |= {id(v): g for v, g in zip(reach.own[task], found[len(reach.shared) :])}
    shared = _all_reduce_gradients(shared)
    losses = tf.stop_gradient(batch.losses)
    if weighting.sees == "jacobian":
        rows = task_gradients.jacobian(shared, reach.shared)
        direction = weighting(losses=losses, jacobian=rows, present=batch.present)
        combined, decision = task_gradients.split(direction, reach.shared), {}
    else:
        gramian = task_gradients.gramian(shared)
        weights = weighting(losses=losses, gramian=gramian, present=batch.present)
        combined = task_gradients.weighted_sum(shared, weights)
        decision = {"weights": weights, "gramian": gramian}
    # The optimizer sums over replicas what is already a sum.
    back = factor / replicas()
    total = {id(v): None if g is None else g * back for v, g in zip(reach.shared, combined)} | own
    gradients = [total.get(id(v)) for v in variables]
    if scaled_extra is not None:
        pulled = tape.gradient(scaled_extra, variables)
        gradients = [_add(g, r) for g, r in zip(gradients, pulled)]
    return gradients, decision


def _add(gradient, other):
    if gradient is None or other is None:
        return other if gradient is None else gradient
    return tf.convert_to_tensor(gradient) + tf.convert_to_tensor(other)


class Keeper:
    """Keeps what belongs to a task as it was in a step in which the task is absent.

    Zero gradients would not do: momentum and weight decay move a variable on. So the old
    values are held, and put back after the update. The same way learning rates differ by
    layer: old + factor (new - old) is exact for any optimizer.

    Args:
        reach: a `graph.Reach`.
        optimizer: the built optimizer.
        weighting: the built weighting, or `None`.
        multipliers: dict id of a variable -> learning-rate factor.
    """

    def __init__(self, reach, optimizer, weighting, multipliers):
        slots = _slots(optimizer)
        everyone = set(reach.tasks)
        self.owned = [
            ([reach.tasks.index(task) for task in owners], variable)
            for own, owners in reach.trainable + reach.statistics
            if owners and owners != everyone
            for variable in [own, *slots.get(id(own), [])]
        ]
        self.learned = [
            variable
            for own in (weighting.trainable_variables if weighting is not None else [])
            if own.shape[:1] == (len(reach.tasks),)
            for variable in [own, *slots.get(id(own), [])]
            if variable.shape == own.shape
        ]
        self.scaled = [(multipliers[id(v)], v) for v, _ in reach.trainable if id(v) in multipliers]

    def before(self):
        """Returns the values at the start of the step."""
        held = [v for _, v in self.owned + self.scaled] + self.learned
        return {id(v): tf.identity(v.value) for v in held}

    def after(self, old, present):
        """Puts back what absent tasks own; scales the updates of layers with a factor."""
        for factor, variable in self.scaled:
            start = old[id(variable)]
            variable.assign(start + factor * (variable.value - start))

        def put_back():
            for owners, variable in self.owned:
                served = tf.reduce_any(tf.gather(present, owners))
                variable.assign(tf.where(served, variable.value, old[id(variable)]))
            for variable in self.learned:
                mask = tf.reshape(present, [-1] + [1] * (len(variable.shape) - 1))
                variable.assign(tf.where(mask, variable.value, old[id(variable)]))

        if replicas() > 1:
            put_back()  # variables of several replicas cannot be assigned inside a branch
        else:
            tf.cond(tf.reduce_all(present), lambda: None, put_back)


def _slots(optimizer):
    """Returns dict id of a variable -> the optimizer's variables for it."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    variables = list(optimizer._trainable_variables)
    if optimizer.gradient_accumulation_steps:
        return {}
    slots = {id(v): [] for v in variables}
    for name, value in vars(optimizer).items():
        lists = isinstance(value, list) and name not in ("_variables", "_trainable_variables")
        if lists and len(value) == len(variables):
            for variable, slot in zip(variables, value):
                if hasattr(slot, "assign"):
                    slots[id(variable)].append(slot)
    return slots
