"""Gates: mixtures of experts whose weights depend on the input."""

import keras
from keras import layers

from mtl_keras.architectures.base import Architecture
from mtl_keras.architectures.mixers import Mixer, softmax, weighted_sum

CELLS = 8
"""Pictures are averaged over so many rows and columns of cells before a gate sees them."""


@keras.saving.register_keras_serializable("mtl_keras")
class Mixture(Mixer):
    """Mixes experts: Σ_i g_i(x) e_i with g(x) = softmax(W x), without a bias.

    Args:
        rows: list of one str, whose mixture it is.
        columns: list of n str, the experts.
        table: str, the table that the row belongs to. Defaults to the name of the layer.

    Call arguments:
        inputs: list of the gate's input (batch, D) and n tensors (batch, ...) of one shape.

    Example:
        >>> import numpy as np
        >>> mixture = Mixture(["a"], ["expert 1", "expert 2"])
        >>> two, four = np.full((1, 3), 2.0), np.full((1, 3), 4.0)
        >>> y = mixture([np.ones((1, 1)), two, four])
        >>> _ = mixture.kernel.assign([[0.0, np.log(3.0)]])
        >>> mixture([np.ones((1, 1)), two, four]).numpy().round(4).tolist()
        [[3.5, 3.5, 3.5]]
    """

    def build(self, input_shape):
        shape = (input_shape[0][-1], len(self.columns))
        self.kernel = self.add_float32("kernel", shape, "glorot_uniform")

    def call(self, inputs):
        x, *parts = inputs
        return weighted_sum(self.gate(x), parts)

    def gate(self, x):
        """Returns the weights (batch, n) for inputs (batch, D)."""
        x = keras.ops.cast(x, "float32")
        return softmax(keras.ops.matmul(x, self.kernel))

    def mixing(self, x=None):
        return keras.ops.mean(self.gate(x), axis=0, keepdims=True)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[1])


class GatedArchitecture(Architecture):
    """An architecture of experts with gates.

    Subclasses implement `connect(x, tasks)` with `gate_input` and `mix`.

    Args:
        make, tasks, name: as for `Architecture`.
        gate: function tensor -> (batch, D), such as a small trunk or text branch, what the gates
            see. Defaults to `None`: pictures averaged over 8 x 8 cells, vectors as they are.
    """

    def __init__(self, make, tasks, gate, name):
        super().__init__(make, tasks, name)
        self._gate = gate

    def gate_input(self, x):
        """Returns what the gates see of an input of the architecture."""
        if self._gate is not None:
            return self._gate(x)
        if len(x.shape) == 2 and keras.backend.is_float_dtype(x.dtype):
            return x
        if len(x.shape) != 4 or None in x.shape[1:]:
            raise ValueError(
                "Argument `gate` is needed for an input that is neither a vector nor a picture of "
                "known size, such as `gate=embedding_branch(vocabulary_size, 16, name='gate')` for "
                f"token ids. Received: gate=None, an input of shape {x.shape} and dtype {x.dtype}"
            )
        x = self.shared("cells", layers.AdaptiveAveragePooling2D, CELLS)(x)
        return self.shared("flat", layers.Flatten)(x)

    def mix(self, gate_input, experts, row, table, layer=Mixture, **options):
        """Returns the mixture of some experts for a task.

        Args:
            gate_input: tensor (batch, D), or `None` for a gate without an input.
            experts: dict name -> tensor.
            row: str, the task.
            table: str, the place.
            layer: the class of the gate. Defaults to `Mixture`.
            **options: further arguments of the class.
        """
        # Inputs with other numbers of channels need gates of their own, as they need stems.
        inputs = [x for x in (gate_input, *experts.values()) if x is not None]
        name = f"{table} {row} {inputs[0].shape[-1]}".replace(" ", "_")
        names = {"rows": [row], "columns": list(experts), "table": f"{self.name} {table}"}
        return self.shared(name, layer, **names, **options)(inputs)
