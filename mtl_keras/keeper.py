"""What belongs to a task stays as it was while the task is absent."""

import keras
import tensorflow as tf

from mtl_keras.errors import unknown


class Keeper:
    """Keeps what belongs to a task as it was in a step in which the task is absent.

    Zero gradients would not do: momentum and weight decay move a variable on. So the old
    values are held, and put back after the update. The same way learning rates differ by
    layer: old + factor (new - old) is exact for any optimizer.

    Where the optimizer gathers the gradients of several steps, a task is absent from the update
    if it was absent from all of them.

    Args:
        reach: a `graph.Reach`.
        optimizer: the built optimizer.
        weighting: the built weighting, or `None`.
        multipliers: dict id of a variable -> learning-rate factor.
    """

    def __init__(self, reach, optimizer, weighting, multipliers):
        self.optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        self.gathered = None
        if self.optimizer.gradient_accumulation_steps:
            self.gathered = keras.Variable(
                tf.zeros([len(reach.tasks)], tf.bool),
                dtype="bool",
                trainable=False,
                name="gathered",
            )
        slots = _slots(self.optimizer)
        everyone = set(reach.tasks)
        self.trained, self.statistics = (
            [
                (tuple(reach.tasks.index(task) for task in owners), variable)
                for own, owners in found
                if owners and owners != everyone
                for variable in [own, *slots.get(id(own), [])]
            ]
            for found in (reach.trainable, reach.statistics)
        )
        self.learned = [
            variable
            for own in (weighting.trainable_variables if weighting is not None else [])
            if own.shape[:1] == (len(reach.tasks),)
            for variable in [own, *slots.get(id(own), [])]
            if variable.shape == own.shape
        ]
        self.scaled = [(multipliers[id(v)], v) for v, _ in reach.trainable if id(v) in multipliers]

    @property
    def variables(self):
        """The state that a checkpoint must hold."""
        return [] if self.gathered is None else [self.gathered]

    @property
    def always(self):
        """Whether there is something to do also where no task is absent."""
        return bool(self.scaled or self.variables)

    def before(self):
        """Returns the values at the start of the step."""
        held = [v for _, v in self.trained + self.statistics + self.scaled] + self.learned
        return {id(v): tf.identity(v.value) for v in held}

    def after(self, old, present, replicas=1):
        """Puts back what absent tasks own; scales the updates of layers with a factor.

        Args:
            old: what `before` returned.
            present: bool tensor (T,), the tasks with a label in this step.
            replicas: int, in how many replicas the step runs.
        """
        for factor, variable in self.scaled:
            start = old[id(variable)]
            variable.assign(start + factor * (variable.value - start))
        updated = present if self.gathered is None else self._gather(present)

        def put_back():
            for task_sets, served in ((self.trained, updated), (self.statistics, present)):
                kept = {owners: tf.reduce_any(tf.gather(served, owners)) for owners, _ in task_sets}
                for owners, variable in task_sets:
                    variable.assign(tf.where(kept[owners], variable.value, old[id(variable)]))
            for variable in self.learned:
                mask = tf.reshape(updated, [-1] + [1] * (len(variable.shape) - 1))
                variable.assign(tf.where(mask, variable.value, old[id(variable)]))

        if replicas > 1:
            put_back()  # variables of several replicas cannot be assigned inside a branch
        else:
            tf.cond(tf.reduce_all(present), lambda: None, put_back)

    def _gather(self, present):
        """Returns the tasks present since the last update, and starts anew after an update."""
        seen = self.gathered.value | present
        steps = self.optimizer.gradient_accumulation_steps
        more = self.optimizer._iterations.value % steps != 0
        self.gathered.assign(seen & more)
        return seen


def multipliers(model, by_layer):
    """Returns dict id of a variable -> learning-rate factor.

    Args:
        model: the model, with its optimizer.
        by_layer: dict layer name -> factor, or `None`.

    Raises:
        ValueError: a layer is not known, a factor is negative, or the optimizer averages variables.
    """
    found = {}
    layers = {layer.name: layer for layer in model._flatten_layers(include_self=False)}
    for name, factor in (by_layer or {}).items():
        if name not in layers:
            raise unknown("layer in learning_rate_multipliers", name, layers)
        if not 0 <= float(factor) < float("inf"):
            raise ValueError(
                "Argument `learning_rate_multipliers` must hold finite numbers that are not "
                f"negative. Received: {{{name!r}: {factor!r}}}"
            )
        found |= {id(v): float(factor) for v in layers[name].trainable_variables}
    if found and getattr(model.optimizer, "inner_optimizer", model.optimizer).use_ema:
        raise ValueError(
            "Argument `learning_rate_multipliers` does not go with an optimizer of use_ema=True, "
            "which averages the variables before they are scaled back."
        )
    return found


def _slots(optimizer):
    """Returns dict id of a variable -> the optimizer's variables for it."""
    variables = list(optimizer._trainable_variables)
    others = ("_variables", "_trainable_variables", "_accumulated_gradients")
    slots = {id(v): [] for v in variables}
    for name, value in vars(optimizer).items():
        if name in others or not isinstance(value, list) or len(value) != len(variables):
            continue
        for variable, slot in zip(variables, value):
            if hasattr(slot, "assign"):
                slots[id(variable)].append(slot)
    return slots
