"""Cross-stitch networks."""

import keras
import numpy as np

from mtl_keras.architectures.base import Architecture
from mtl_keras.architectures.mixers import Mixer


@keras.saving.register_keras_serializable("mtl_keras")
class CrossStitch(Mixer):
    """Mixes the activations of K columns: y_i = Σ_j a_ij x_j.

    Args:
        rows, columns: list of K str, the tasks.
        same: float, initial a_ii; the others of a row share the rest. Defaults to 0.9.
        per_channel: bool, whether each channel has weights of its own. Defaults to `False`.
        table: str, the place. Defaults to the name of the layer.

    Call arguments:
        inputs: list of K tensors (batch, ..., channels) of one shape.

    Example:
        >>> stitch = CrossStitch(["a", "b"], ["a", "b"])
        >>> a, b = stitch([np.ones((1, 1)), np.full((1, 1), 3.0)])
        >>> round(float(a[0, 0]), 4), round(float(b[0, 0]), 4)
        (1.2, 2.8)
    """

    sees_data = False

    def __init__(self, rows, columns, same=0.9, per_channel=False, **kwargs):
        super().__init__(rows, columns, **kwargs)
        self.same, self.per_channel = same, per_channel

    def build(self, input_shape):
        tasks = len(self.rows)
        start = np.full((tasks, tasks), (1 - self.same) / max(tasks - 1, 1))
        np.fill_diagonal(start, self.same if tasks > 1 else 1)
        if self.per_channel:
            start = np.repeat(start[..., None], input_shape[0][-1], axis=-1)
        self.alpha = self.add_float32("alpha", start.shape, lambda shape, dtype: start)

    def call(self, inputs):
        alpha = keras.ops.cast(self.alpha, inputs[0].dtype)
        return [sum(alpha[i, j] * x for j, x in enumerate(inputs)) for i, _ in enumerate(self.rows)]

    def mixing(self, x=None):
        alpha = self.alpha.numpy()
        return alpha.mean(axis=-1) if self.per_channel else alpha

    def compute_output_shape(self, input_shape):
        return [tuple(shape) for shape in input_shape]

    def get_config(self):
        own = {"same": self.same, "per_channel": self.per_channel}
        return {**super().get_config(), **own}


class cross_stitch(Architecture):
    """Gives each task a trunk, whose activations are mixed after every stage but the last.

    At each stitch x_i becomes Σ_j a_ij x_j, at every place; a starts at `same` on the diagonal with
    rows that sum to 1. The paper learns a 100 to 1,000 times as fast as the rest:
    `compile(learning_rate_multipliers={f"cross_stitch_stitch{i}": 100.0 for i in (1, 2, 3)})`.

    Parameters: K P_E + S K², with P_E those of a trunk, K tasks and S stitches; with `per_channel`
    each stitch has as many more as channels. Shared: all stages that a stitch follows, and the
    stitches. Cost: K trunks; with one input for each task nearly K².

    Args:
        make: function name -> trunk of two stages or more, such as
            `lambda name: conv_trunk(8, name=name)`.
        tasks: list of K str.
        same: float, initial weight of a task's own activations. Defaults to 0.9.
        per_channel: bool, whether each channel has weights of its own. Defaults to `False`.
        name: str, prefix of the layers' names. Defaults to `"cross_stitch"`.

    Raises:
        ValueError: the trunk has one stage only.

    Example:
        >>> from mtl_keras.trunks import conv_trunk
        >>> share = cross_stitch(lambda name: conv_trunk(2, name=name), ["digit", "parity"])
        >>> share(keras.Input((28, 28, 1)))["parity"].shape
        (None, 16)

    Reference:
        Misra et al., "Cross-stitch Networks for Multi-task Learning", CVPR 2016.
    """

    def __init__(self, make, tasks, same=0.9, per_channel=False, name="cross_stitch"):
        super().__init__(make, tasks, name)
        self.same, self.per_channel = same, per_channel

    def connect(self, x, tasks):
        columns = [self.path(task) for task in self.tasks]
        if len(columns[0]) < 2:
            raise ValueError(
                "Argument `make` must return a trunk of two stages or more: between them the "
                "columns are stitched. Received: a trunk of one stage"
            )
        activations = [x for _ in columns]
        for number, stages in enumerate(list(zip(*columns))[:-1], 1):
            activations = [stage(y) for stage, y in zip(stages, activations)]
            stitch = self.shared(
                f"stitch{number}",
                CrossStitch,
                self.tasks,
                self.tasks,
                self.same,
                self.per_channel,
                table=f"{self.name} stage {number}",
            )
            activations = stitch(activations)
        ends = zip(self.tasks, columns, activations)
        return {task: column[-1](y) for task, column, y in ends if task in tasks}
