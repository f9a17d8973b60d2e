"""The branching unit of LTB: each node learns which parent to take."""

import keras

from mtl_keras.architectures.mixers import Mixer, softmax

WARM_UP, SEARCH, COMMITTED = 0, 1, 2


@keras.saving.register_keras_serializable("mtl_keras")
class Branch(Mixer):
    """Gives each node one parent: y_i = Σ_j d_ij x_j with d_i one-hot.

    In training d_i is drawn with the probabilities softmax(logits_i), by the Gumbel trick, once a
    step; backwards it counts as the softmax of the noisy logits over the temperature
    (straight-through). In inference and once committed, d_i is the likeliest parent; in the
    warm-up, the mean of all. `BranchSchedule` moves from one to the next by way of the variables
    `phase` and `temperature`.

    Args:
        rows: list of str, the nodes.
        columns: list of str, the possible parents.
        table: str, the place. Defaults to the name of the layer.

    Call arguments:
        inputs: list of tensors (batch, ...) of one shape, one for each column.
        training: bool.

    Example:
        >>> import numpy as np
        >>> branch = Branch(["a", "b"], ["node 1", "node 2"])
        >>> y = branch([np.zeros((1, 1)), np.ones((1, 1))])
        >>> _ = branch.logits.assign([[0.0, 20.0], [20.0, 0.0]])
        >>> [float(each[0, 0]) for each in branch([np.zeros((1, 1)), np.ones((1, 1))])]
        [1.0, 0.0]
    """

    sees_data = False

    def __init__(self, rows, columns, **kwargs):
        super().__init__(rows, columns, **kwargs)
        self.seed_generator = keras.random.SeedGenerator()

    def build(self, input_shape):
        shape = (len(self.rows), len(self.columns))
        self.logits = self.add_float32("logits", shape, "zeros")
        self.temperature = self.add_float32(
            "temperature", (), keras.initializers.Constant(5.0), trainable=False
        )
        self.phase = self.add_weight(
            name="phase",
            shape=(),
            dtype="int32",
            initializer=keras.initializers.Constant(SEARCH),
            trainable=False,
        )

    def call(self, inputs, training=False):
        decisions = self.draw() if training else self.chosen()
        decisions = keras.ops.cast(decisions, inputs[0].dtype)
        return [
            sum(decisions[i, j] * x for j, x in enumerate(inputs)) for i, _ in enumerate(self.rows)
        ]

    def draw(self):
        """Returns the decisions (rows, columns) of a training step."""
        ops = keras.ops
        uniform = keras.random.uniform(self.logits.shape, 1e-20, 1.0, seed=self.seed_generator)
        noisy = self.logits - ops.log(-ops.log(uniform))
        soft = softmax(noisy / self.temperature)
        hard = ops.one_hot(ops.argmax(noisy, axis=-1), len(self.columns))
        sample = hard + soft - ops.stop_gradient(soft)
        mean = ops.full_like(sample, 1 / len(self.columns))
        searching = ops.where(self.phase == WARM_UP, mean, sample)
        return ops.where(self.phase == COMMITTED, self.chosen(), searching)

    def chosen(self):
        """Returns the likeliest decisions (rows, columns)."""
        return keras.ops.one_hot(keras.ops.argmax(self.logits, axis=-1), len(self.columns))

    def mixing(self, x=None):
        return softmax(self.logits)

    def harden(self, inputs):
        return [inputs[j] for j in keras.ops.argmax(self.logits, axis=-1)]

    def compute_output_shape(self, input_shape):
        return [tuple(input_shape[0])] * len(self.rows)
