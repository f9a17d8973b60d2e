"""From the losses of a batch to the gradients of a step, by a method that looks at gradients."""

import dataclasses
import itertools

import keras
import tensorflow as tf

from mtl_keras import shared_part
from mtl_keras.step import all_reduce, replicas
from mtl_keras.weighting import gradients as blocks
from mtl_keras.weighting.base import JacobianWeighting
from mtl_keras.weighting.jacobian import Jacobian


@dataclasses.dataclass
class Pass:
    """A forward pass in training: what it recorded and what came of it.

    Attributes:
        tape: a persistent `tf.GradientTape`.
        batch: the `step.Batch` of losses.
        features: the tensor where the shared part ends, or `None` where nobody looks there.
    """

    tape: tf.GradientTape
    batch: object
    features: tf.Tensor | None = None


class TaskGradients:
    """Asks a gradient method for a decision and makes the gradients of the step from it.

    Args:
        model: the `MultiTaskModel`, with its `reach`.
        weighting: the built method.
        jacobian: a `Jacobian`, or `None` for the method's own place.

    Raises:
        ValueError: the method cannot look there, or the tasks have no such place in common.
    """

    def __init__(self, model, weighting, jacobian=None):
        jacobian = jacobian or Jacobian()
        self.jacobian = dataclasses.replace(jacobian, at=jacobian.at or weighting.at)
        self.weighting, self.reach = weighting, model.reach
        self._check()
        self._forward, self._place = model, model.reach.shared
        if self.jacobian.at == "last_block":
            self._place = shared_part.last_shared_variables(model, model.reach)
        if self.jacobian.at == "features":
            end = shared_part.shared_features(model, model.reach)
            if end is None or not model.reach.shared:
                raise ValueError(
                    "The tasks have no tensor in common in which all that they share ends. Use "
                    "Jacobian(at='shared'), which costs nothing more where the inputs are disjoint."
                )
            self._forward = keras.Model(model.input, (model.output, end))
        elif weighting.sees == "jacobian":
            weighting.build_parameters(sum(v.shape.num_elements() for v in self._place))

    def _check(self):
        place, name = self.jacobian.at, type(self.weighting).__name__
        if self.weighting.sees == "cross_gramian" and place == "features":
            raise ValueError(
                f"{name} compares two halves of the batch, whose features have no row in common. "
                "Use Jacobian(at='shared') or Jacobian(at='last_block')."
            )
        if self.weighting.sees == "jacobian":
            keeps = type(self.weighting).setup_parameters is not JacobianWeighting.setup_parameters
            if place == "last_block" or self.jacobian.every > 1 or self.jacobian.fraction < 1:
                raise ValueError(
                    f"{name} gives a direction, not weights: it can look at all shared parameters "
                    f"or at the features, at every step and all rows. Received: {self.jacobian}"
                )
            if place == "features" and (keeps or replicas() > 1):
                raise ValueError(
                    f"{name} cannot look at the features: "
                    + ("its state is per parameter." if keeps else "it needs all rows in one.")
                )
        if self.jacobian.every > 1 and replicas() > 1:
            raise ValueError(
                f"Several replicas must decide at every step. Received: every={self.jacobian.every}"
            )

    def forward(self, x):
        """Returns the outputs of the model and the features, in training mode."""
        found = self._forward(x, training=True)
        return found if self.jacobian.at == "features" else (found, None)

    def due(self, optimizer):
        """Returns whether this step decides, a bool tensor, or `None` where every step does."""
        if self.jacobian.every == 1:
            return None
        steps = getattr(optimizer, "inner_optimizer", optimizer)._iterations.value
        return steps % self.jacobian.every == 0

    def gradients(self, seen, extra, optimizer, variables, look_again):
        """Returns (gradients in the order of the variables, decision).

        Args:
            seen: the `Pass` of the whole batch.
            extra: the regularisation, or `None`.
            optimizer: the optimizer, for its loss scale.
            variables: list of the model's trainable variables.
            look_again: function fraction -> `Pass` of the first rows of the batch; `False`, where
                the last decision is kept.

        The decision is a dict with `gramian` (T, T), `decided`, whether it is of this step, and,
        unless the method gives a direction, `weights` (T,).
        """
        scaled = _Scaled(optimizer, seen)
        extra = None if extra is None else scaled.of(extra)
        step = self._exact if self.jacobian.exact else self._weighted
        total, own, decision = step(scaled, optimizer, look_again)
        losses = tf.stop_gradient(seen.batch.losses)
        factors = self._own_factors(decision, losses, seen.batch.present)
        for task, factor in zip(self.reach.own, factors):
            for variable, gradient in zip(self.reach.own[task], own[task]):
                total[id(variable)] = _times(gradient, factor)
        total |= self._learned(optimizer, losses, seen.batch.present)
        found = [total.get(id(v)) for v in variables]
        if extra is not None:
            pulled = seen.tape.gradient(extra, variables)
            found = [_add(g, r) for g, r in zip(found, pulled)]
        return found, decision

    def _exact(self, scaled, optimizer, look_again):
        """Combines the gradients that were taken to decide."""
        shared, batch = self.reach.shared, scaled.batch
        if self.weighting.sees == "cross_gramian":
            first, second = self._halves(scaled)
            rows = _mix(first, second, [shares for _, shares in batch.halves])
            own = dict(zip(self.reach.own, scaled.pull(scaled, self.reach.own.values())))
            decision = self._decision(batch, blocks.gramian(first, second))
        else:
            found = scaled.pull(scaled, [shared + own for own in self.reach.own.values()])
            rows = _over_replicas(scaled.unscaled([task[: len(shared)] for task in found]))
            own = {t: task[len(shared) :] for t, task in zip(self.reach.own, found)}
            gramian = blocks.gramian(rows)
            if self.weighting.sees == "jacobian":
                matrix = blocks.jacobian(rows, shared)
                direction = self._direction(batch, matrix)
                decision = {"gramian": gramian, "decided": True}
                combined = blocks.split(direction, shared)
            else:
                decision = self._decision(batch, gramian)
        if "weights" in decision:
            combined = blocks.weighted_sum(rows, decision["weights"])
        # The optimizer sums over replicas what is already a sum.
        back = scaled.factor / replicas()
        combined = [None if g is None else g * back for g in combined]
        return {id(v): g for v, g in zip(shared, combined)}, own, decision

    def _weighted(self, scaled, optimizer, look_again):
        """Decides first, then makes one backward pass of the weighted losses."""
        at_features = self.jacobian.at == "features"
        ends = [scaled.features] if at_features else []
        found = scaled.pull(scaled, [ends + own for own in self.reach.own.values()])
        rows = [task[: len(ends)] for task in found]
        own = {t: task[len(ends) :] for t, task in zip(self.reach.own, found)}
        if self.weighting.sees == "jacobian":
            flat = blocks.jacobian(scaled.unscaled(rows), [scaled.features])
            direction = self._direction(scaled.batch, flat, scaled.features)
            way = tf.reshape(direction, tf.shape(scaled.features)) * scaled.factor
            decision = {"gramian": blocks.gramian(scaled.unscaled(rows)), "decided": True}
        else:
            decision = self._decide(scaled, rows, optimizer, look_again)
            way = at_features and _weigh(rows, decision["weights"])
        if at_features:
            way = tf.cast(way, scaled.features.dtype)
            shared = scaled.tape.gradient(scaled.features, self.reach.shared, output_gradients=way)
        else:
            ways = tf.unstack(decision["weights"])
            shared = scaled.tape.gradient(list(scaled), self.reach.shared, output_gradients=ways)
        return {id(v): g for v, g in zip(self.reach.shared, shared)}, own, decision

    def _decide(self, scaled, rows, optimizer, look_again):
        """Returns the decision of this step, or the last one where it is not this step's turn."""
        batch = scaled.batch
        if not look_again:
            last = tf.where(batch.present, self.weighting.last_weights.value, 0.0)
            nothing = tf.zeros([len(self.reach.tasks)] * 2, tf.float64)
            return {"weights": last, "gramian": nothing, "decided": False}
        seen = scaled
        if self.jacobian.fraction < 1:
            seen = _Scaled(optimizer, look_again(self.jacobian.fraction))
        return self._decision(batch, self._gramian(seen, rows))

    def _gramian(self, seen, rows):
        """The Gramian at the place where the method looks."""
        if self.weighting.sees == "cross_gramian":
            return blocks.gramian(*self._halves(seen))
        if self.jacobian.at == "features":
            if self.jacobian.fraction < 1:
                rows = seen.pull(seen, itertools.repeat([seen.features]))
            # Each replica has rows of its own, so the sum of the Gramians is exact.
            return all_reduce(blocks.gramian(seen.unscaled(rows)))
        rows = seen.pull(seen, itertools.repeat(self._place))
        return blocks.gramian(_over_replicas(seen.unscaled(rows)))

    def _halves(self, seen):
        """The task gradients of either half of the batch."""
        with seen.tape:
            halves = [tf.unstack(losses) for losses, _ in seen.batch.halves]
        halves = [[seen.of(loss) for loss in both] for both in halves]
        place = itertools.repeat(self._place)
        return (
            _over_replicas(seen.unscaled(seen.pull([half[i] for half in halves], place)))
            for i in (0, 1)
        )

    def _decision(self, batch, gramian):
        losses = tf.stop_gradient(batch.losses)
        weights = self.weighting(losses=losses, gramian=gramian, present=batch.present)
        return {"weights": weights, "gramian": gramian, "decided": True}

    def _direction(self, batch, jacobian, features=None):
        losses = tf.stop_gradient(batch.losses)
        return self.weighting(
            losses=losses, jacobian=jacobian, features=features, present=batch.present
        )

    def _own_factors(self, decision, losses, present):
        """The factors on the gradients of what one task alone reaches, or `None`s."""
        rule = getattr(self.weighting, "own_weights", None)
        if rule is None:
            return [None] * len(self.reach.tasks)
        facts = {"weights": decision.get("weights"), "losses": losses, "present": present}
        return tf.unstack(tf.cast(self.weighting._ask(rule, **facts), tf.float32))

    def _learned(self, optimizer, losses, present):
        """The gradients of what the method itself learns with the model's optimizer."""
        variables = self.weighting.trainable_variables
        if not variables:
            return {}
        with tf.GradientTape() as tape:
            value = self.weighting._ask(self.weighting.objective, losses=losses, present=present)
            value = optimizer.scale_loss(value) / replicas()
        gradients = tape.gradient(value, [v.value for v in variables])
        return {id(v): g for v, g in zip(variables, gradients)}


class _Scaled:
    """The losses of a pass, times the loss scale of the optimizer; iterates over them."""

    def __init__(self, optimizer, seen):
        self._optimizer = optimizer
        self.tape, self.batch, self.features = seen.tape, seen.batch, seen.features
        self._losses = [self.of(value) for value in seen.batch.values]
        one = tf.constant(1.0)
        self.factor = optimizer.scale_loss(one)
        self._unscaled = self.factor is one

    def __iter__(self):
        return iter(self._losses)

    def of(self, value):
        """Returns a value times the loss scale, recorded."""
        with self.tape:
            return self._optimizer.scale_loss(value)

    def pull(self, values, sources):
        """Returns for each value the gradients, dense, by its list of sources.

        A backward pass waits for the one before: side by side, each would hold the gradients of
        all activations.
        """
        rows = []
        for value, wanted in zip(values, sources):
            before = [g for g in rows[-1] if g is not None] if rows else []
            with tf.control_dependencies(before):
                found = self.tape.gradient(value, wanted)
                rows.append([None if g is None else tf.convert_to_tensor(g) for g in found])
        return rows

    def unscaled(self, rows):
        """Returns gradients in float32 and without the loss scale."""

        def unscaled(gradient):
            gradient = tf.cast(gradient, tf.float32)
            return gradient if self._unscaled else gradient / self.factor

        return [[None if g is None else unscaled(g) for g in task] for task in rows]


def _over_replicas(gradients):
    """Sums lists of gradients, of which some are None, over the replicas in one operation.

    Many small sums would wait for each other's threads on a CPU.
    """
    found = [g for task in gradients for g in task if g is not None]
    if replicas() == 1 or not found:
        return gradients
    flat = all_reduce(tf.concat([tf.reshape(g, [-1]) for g in found], axis=0))
    parts = iter(blocks.split(flat, found))
    return [[None if g is None else next(parts) for g in task] for task in gradients]


def _mix(first, second, shares):
    """Returns the gradients of the whole batch from those of its halves."""
    return [
        [None if a is None else share[0] * a + share[1] * b for a, b in zip(*halves)]
        for *halves, share in zip(first, second, shares)
    ]


def _weigh(rows, weights):
    """Returns Σ w_t z_t of the gradients at the features."""
    (way,) = blocks.weighted_sum([[tf.cast(z, tf.float32) for z in row] for row in rows], weights)
    return way


def _times(gradient, factor):
    return gradient if gradient is None or factor is None else gradient * factor


def _add(gradient, other):
    if gradient is None or other is None:
        return other if gradient is None else gradient
    return tf.convert_to_tensor(gradient) + tf.convert_to_tensor(other)
