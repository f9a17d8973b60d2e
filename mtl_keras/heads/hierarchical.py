"""Coarse to fine classes."""

import keras
from keras import layers, ops

from mtl_keras.heads.base import Head
from mtl_keras.heads.classification import classification


@keras.saving.register_keras_serializable("mtl_keras")
class ConditionalLogits(layers.Layer):
    """Fine logits whose probabilities add up to those of the coarse classes.

    The logit of fine class f below coarse class c is log p(c) + log p(f | c), where p(f | c) is
    the softmax over the fine classes below c. So p(f) = p(c) p(f | c), and the probabilities of the
    fine classes below c sum to p(c).

    Args:
        parents: list of int, the coarse class of each fine class; every coarse class has one.

    Call arguments:
        inputs: [coarse logits (batch, coarse), fine logits (batch, fine)].

    Example:
        >>> layer = ConditionalLogits([0, 0, 1])
        >>> coarse, fine = ops.log([[0.2, 0.8]]), ops.log([[0.3, 0.7, 0.5]])
        >>> [round(p, 3) for p in ops.softmax(layer([coarse, fine])).numpy()[0].tolist()]
        [0.06, 0.14, 0.8]
    """

    def __init__(self, parents, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})  # log-probabilities add up in float32
        self.parents = list(parents)
        below = [[f for f, c in enumerate(self.parents) if c == p] for p in range(1 + max(parents))]
        most = max(map(len, below))
        # A first child fills up the rows of the table, and is masked there.
        self._below = [row + [row[0]] * (most - len(row)) for row in below]
        self._filled = [[i >= len(row) for i in range(most)] for row in below]

    def call(self, inputs):
        coarse, fine = inputs
        siblings = ops.take(fine, self._below, axis=-1)  # (batch, coarse, most)
        siblings = ops.where(self._filled, -float("inf"), siblings)
        of_parent = ops.log_softmax(coarse) - ops.logsumexp(siblings, axis=-1)
        return fine + ops.take(of_parent, self.parents, axis=-1)

    def compute_output_shape(self, input_shape):
        return input_shape[1]

    def get_config(self):
        return {**super().get_config(), "parents": self.parents}


class hierarchical(Head):
    """Builds a head of two tasks, coarse classes and the fine ones below them, that agree.

    Called on features `(batch, width)` it returns a dict of the two tasks' logits,
    `(batch, coarse classes)` and `(batch, fine classes)`; `loss` and `metrics` are dicts by task,
    too. Probabilities are consistent: p(fine) = p(coarse) p(fine | coarse). Labels are class
    numbers, integers `(batch,)`; -1 is missing, in either task. Where the coarse class alone is
    known, it trains the coarse task; a fine label trains both layers.

    Args:
        parents: list of int, the coarse class of each fine class; every coarse class has at least
            one fine class.
        coarse: str, name of the coarse task. Defaults to `"coarse"`.
        fine: str, name of the fine task. Defaults to `"fine"`.

    Raises:
        ValueError: `parents` is no such list, or the tasks have one name.

    Example:
        >>> kinds = hierarchical([0, 0, 1, 1, 1])
        >>> {task: logits.shape for task, logits in kinds(keras.Input((64,))).items()}
        {'coarse': (None, 2), 'fine': (None, 5)}
    """

    def __init__(self, parents, coarse="coarse", fine="fine"):
        parents = [int(parent) for parent in parents]
        if len(set(parents)) < 2 or set(parents) != set(range(1 + max(parents))):
            raise ValueError(
                "Argument `parents` must hold the coarse class of each fine class, each of 0, 1 "
                f"and so on at least once. Received: parents={parents}"
            )
        if coarse == fine:
            raise ValueError(
                f"Arguments `coarse` and `fine` must name two tasks. Received: {coarse!r} twice"
            )
        heads = [classification(1 + max(parents), coarse), classification(len(parents), fine)]
        super().__init__(
            name=f"{coarse}_{fine}",
            loss={head.name: head.loss for head in heads},
            metrics={head.name: head.metrics for head in heads},
        )
        self.parents, self.coarse, self.fine = parents, coarse, fine

    def __call__(self, features):
        coarse = layers.Dense(1 + max(self.parents), name=self.coarse)(features)
        within = layers.Dense(len(self.parents), name=f"{self.fine}_within_{self.coarse}")(features)
        fine = ConditionalLogits(self.parents, name=self.fine)([coarse, within])
        return {self.coarse: coarse, self.fine: fine}
