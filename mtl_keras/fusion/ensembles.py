"""Output ensembles: several models, or the parts of one, answer together."""

import keras
from keras import ops

_LEAST = 1e-30  # what a probability of 0 is in a logarithm


class Ensemble(keras.layers.Layer):
    """Joins the logits of several members into logits of what they say together.

    Takes and gives logits, as every head does, so that losses, metrics and exports serve an
    ensemble as they serve a member. Subclasses implement `combine(log_p, weights)`.

    Args:
        weights: list of float, how much each member counts; they are scaled to sum 1. `None`:
            all alike.
        multi_label: bool, whether each of several outputs answers yes or no by itself, as a single
            output always does. Defaults to `False`: outputs are classes of one label.

    Call arguments:
        logits: list of tensors (batch, outputs), one for each member.
        present: list of bool (batch,), which rows a member can answer, or `None`. The others
            share out the weight of an absent member; a row without any gets logits that are all 0.

    Returns:
        Logits (batch, outputs).

    Raises:
        ValueError: weights are negative, all 0 or not as many as the members.
    """

    def __init__(self, weights=None, multi_label=False, **kwargs):
        super().__init__(**kwargs)
        if weights is not None and (min(weights) < 0 or sum(weights) == 0):
            raise ValueError(
                "Argument `weights` must hold numbers that are not negative, one of them positive. "
                f"Received: weights={weights!r}"
            )
        self.member_weights = None if weights is None else [float(w) for w in weights]
        self.multi_label = multi_label

    def call(self, logits, present=None):
        weights = self.member_weights or [1.0] * len(logits)
        if len(weights) != len(logits):
            raise ValueError(
                f"Argument `weights` must hold {len(logits)} numbers, one for each member. "
                f"Received: weights={weights!r}"
            )
        each = ops.cast(ops.stack(logits, axis=1), "float32")
        yes_or_no = self.multi_label or each.shape[-1] == 1
        if yes_or_no:
            log_p = ops.log_sigmoid(ops.stack([-each, each], axis=-1))
        else:
            log_p = ops.log_softmax(each)
        weights = ops.reshape(ops.convert_to_tensor(weights, "float32"), (1, -1))
        if present is not None:
            weights = weights * ops.cast(ops.stack(present, axis=1), "float32")
        weights = weights / ops.maximum(ops.sum(weights, axis=1, keepdims=True), _LEAST)
        weights = ops.reshape(weights, (-1, len(logits)) + (1,) * (len(log_p.shape) - 2))
        joined = self.combine(log_p, weights)
        joined = joined[..., 1] - joined[..., 0] if yes_or_no else joined
        return ops.cast(joined, self.compute_dtype)

    def combine(self, log_p, weights):
        """Returns unnormalised log-probabilities (batch, ..., classes).

        Args:
            log_p: log-probabilities of the members, float32 (batch, members, ..., classes).
            weights: float32 of the same rank, summing to 1 over the members.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement combine(log_p, weights).")

    def compute_output_shape(self, logits_shape, present_shape=None):
        return logits_shape[0]

    def get_config(self):
        return {
            **super().get_config(),
            "weights": self.member_weights,
            "multi_label": self.multi_label,
        }


@keras.saving.register_keras_serializable("mtl_keras")
class AverageEnsemble(Ensemble):
    """The mean of the members' probabilities, Σ wⱼ pⱼ: the safe choice.

    Args, call arguments, returns: as `Ensemble`.

    Example:
        >>> members = [ops.log([[0.6, 0.4, 0.0]]), ops.log([[0.1, 0.5, 0.4]])]
        >>> ops.softmax(AverageEnsemble()(members)).numpy().round(3).tolist()
        [[0.3499999940395355, 0.44999998807907104, 0.20000000298023224]]
    """

    def combine(self, log_p, weights):
        return ops.log(ops.maximum(ops.sum(weights * ops.exp(log_p), axis=1), _LEAST))


@keras.saving.register_keras_serializable("mtl_keras")
class ProductEnsemble(Ensemble):
    """The weighted product of the members' probabilities, Π pⱼ^wⱼ: the logarithmic opinion pool.

    A class needs the consent of all. Members that are too sure hurt most here, so probabilities
    are clipped from below, lest one zero be a veto.

    Args:
        weights, multi_label: as `Ensemble`.
        clip: float, the least probability. Defaults to 1e-6.

    Example:
        >>> members = [ops.log([[0.8, 0.2]]), ops.log([[0.5, 0.5]])]
        >>> ops.softmax(ProductEnsemble()(members)).numpy().round(3).tolist()
        [[0.6669999957084656, 0.3330000042915344]]

    Reference:
        Hinton, "Products of Experts", ICANN 1999; Heskes, "Selecting Weighting Factors in
        Logarithmic Opinion Pools", NIPS 1997.
    """

    def __init__(self, weights=None, multi_label=False, clip=1e-6, **kwargs):
        super().__init__(weights, multi_label, **kwargs)
        if not 0 < clip < 0.5:
            raise ValueError(f"Argument `clip` must be in (0, 0.5). Received: clip={clip!r}")
        self.clip = clip

    def combine(self, log_p, weights):
        return ops.sum(weights * ops.maximum(log_p, ops.log(self.clip)), axis=1)

    def get_config(self):
        return {**super().get_config(), "clip": self.clip}


@keras.saving.register_keras_serializable("mtl_keras")
class VoteEnsemble(Ensemble):
    """The share of the members that choose a class; ties go to the first class.

    Three independent voters who are right in 70 % of the cases reach 78.4 %. It has no gradient.

    Args, call arguments, returns: as `Ensemble`.

    Example:
        >>> members = [ops.log([[0.6, 0.4]]), ops.log([[0.1, 0.9]]), ops.log([[0.7, 0.3]])]
        >>> ops.softmax(VoteEnsemble()(members)).numpy().round(3).tolist()
        [[0.6669999957084656, 0.3330000042915344]]
    """

    def combine(self, log_p, weights):
        votes = ops.one_hot(ops.argmax(log_p, axis=-1), log_p.shape[-1], dtype="float32")
        return ops.log(ops.maximum(ops.sum(weights * votes, axis=1), _LEAST))


def ensemble(models, combine=None, name=None):
    """Returns one model that answers every task with all members together.

    Args:
        models: list of `MultiTaskModel`s with the same inputs and tasks. Their layers are used,
            not copied.
        combine: the layer that joins the members' logits, of which each task gets a copy: an
            `Ensemble`, or a `StackingEnsemble`, whose copies must be fitted then
            (`model.get_layer(task)`). Defaults to `AverageEnsemble()`.
        name: str, name of the model.

    Returns:
        An uncompiled `MultiTaskModel`; preprocessing and class names are those of the first member.

    Raises:
        ValueError: no models, or inputs or tasks that differ.

    Example:
        >>> import mtl_keras as mtl
        >>> def member():
        ...     x = keras.Input((4,), name="x")
        ...     return mtl.MultiTaskModel(x, {"t": keras.layers.Dense(3)(x)})
        >>> joined = ensemble([member(), member()])
        >>> joined.tasks, joined.get_layer("t")
        (['t'], <AverageEnsemble name=t, built=True>)
    """
    if not models:
        raise ValueError("Argument `models` must hold at least one model. Received: none")
    first = models[0]
    facts = [(_shapes(model), sorted(model.tasks)) for model in models]
    for found in facts:
        if found != facts[0]:
            raise ValueError(
                "Argument `models` must hold models with the same inputs and tasks. "
                f"Received: {facts[0]} and {found}"
            )
    inputs = {
        key: keras.Input(x.shape[1:], dtype=x.dtype, name=key)
        for key, x in first.inputs_by_name.items()
    }
    answers = [
        keras.Model(model.inputs_by_name, model.outputs_by_task, name=f"member_{index}")(inputs)
        for index, model in enumerate(models)
    ]
    combine = AverageEnsemble() if combine is None else combine
    outputs = {
        task: type(combine).from_config({**combine.get_config(), "name": task})(
            [answer[task] for answer in answers]
        )
        for task in first.tasks
    }
    return type(first)(
        inputs, outputs, name=name, preprocess=first.preprocess, class_names=first.class_names
    )


def _shapes(model):
    return {key: (x.shape, x.dtype) for key, x in model.inputs_by_name.items()}
