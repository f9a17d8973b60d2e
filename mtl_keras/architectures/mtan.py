"""Multi-task attention network."""

import keras
from keras import layers

from mtl_keras.architectures.base import Architecture
from mtl_keras.architectures.mixers import Mixer


@keras.saving.register_keras_serializable("mtl_keras")
class Mask(Mixer):
    """Multiplies features with a mask: sigmoid(logits) · features.

    Args:
        rows: list of one str, the task.
        columns: list of str, names of the channels.
        table: str, the place. Defaults to the name of the layer.

    Call arguments:
        inputs: list of logits and features, both (batch, ..., channels).

    Example:
        >>> import numpy as np
        >>> mask = Mask(["a"], ["1", "2"])
        >>> mask([np.array([[0.0, 100.0]]), np.array([[4.0, 4.0]])]).numpy().tolist()
        [[2.0, 4.0]]
    """

    def call(self, inputs):
        logits, features = inputs
        return keras.ops.sigmoid(logits) * features

    def mixing(self, x=None):
        masks = keras.ops.sigmoid(keras.ops.cast(x, "float32"))
        return keras.ops.mean(keras.ops.reshape(masks, (-1, masks.shape[-1])), axis=0)[None]

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[1])


class mtan(Architecture):
    """Shares one trunk, of whose stages each task sees what its attention lets through.

    With p^b the features after stage b of the trunk, task k has â_k^b = a_k^b · p^b with the mask
    a_k^b = h_k^b(g_k^b([p^b; f^b(â_k^{b-1})])) between 0 and 1. g and h are 1x1 convolutions
    with batch normalisation and ReLU, or sigmoid; f, a 3x3 convolution with batch normalisation
    and ReLU, then pooling, has one kernel for all tasks. The features of task k are â_k of
    the last stage.

    The paper's g sees the first half of a block; a trunk shows its stages' ends, so here it
    sees p itself. Where p is a vector, as after global pooling, the convolutions are dense layers.
    Batch normalisation after f is private, as everywhere in this package.

    Parameters, with C channels after a stage and C_in = C in the first, 2C in later ones: those of
    one trunk; for each task and stage the attention, C_in C + C + C C + C + 8 C; for each stage but
    the first f, 9 C' C + C, with C' channels before, and 4 C for each task. Shared: trunk and f.
    Cost: one trunk and the masks; with one input for each task, K trunks.

    Args:
        make: function name -> trunk, such as `lambda name: conv_trunk(8, name=name)`.
        tasks: list of str.
        name: str, prefix of the layers' names. Defaults to `"mtan"`.

    Example:
        >>> from mtl_keras.trunks import conv_trunk
        >>> share = mtan(lambda name: conv_trunk(2, name=name), ["digit", "parity"])
        >>> share(keras.Input((28, 28, 1)))["parity"].shape
        (None, 16)

    Reference:
        Liu, Johns and Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019.
    """

    def __init__(self, make, tasks, name="mtan"):
        super().__init__(make, tasks, name)
        self._call = -1

    def connect(self, x, tasks):
        self._call += 1
        attended = dict.fromkeys(tasks)
        for number, stage in enumerate(self.path("trunk"), 1):
            x = stage(x)
            for task in tasks:
                before = attended[task]
                seen = x if before is None else self._join(x, before, task, number)
                attended[task] = self._attend(x, seen, task, number)
        return attended

    def _join(self, x, before, task, number):
        """Returns [p; f(â)], with the attended features of the stage before."""
        channels = x.shape[-1]
        if len(before.shape) == 4:
            kernel = self.shared(f"f{number}", layers.Conv2D, channels, 3, padding="same")
        else:
            kernel = self.shared(f"f{number}", layers.Dense, channels)
        y = self._normalised(kernel(before), f"{task}_f{number}", "relu")
        if y.shape[1:-1] != x.shape[1:-1] or None in y.shape[1:-1]:
            y = self._pool(y, x.shape[1:-1])(y)
        return self.shared(f"join{number}", layers.Concatenate)([x, y])

    def _pool(self, y, size):
        """Returns the layer that pools `y` to the places of another tensor."""
        rank = len(y.shape)
        if not size:
            pool = {3: layers.GlobalMaxPooling1D, 4: layers.GlobalMaxPooling2D}[rank]
            return self.shared(f"global_pool{rank}", pool)
        if rank != 4 or None in (*size, *y.shape[1:3]):
            raise ValueError(
                "The stages of the trunk must give pictures of known size, or vectors. Received: "
                f"features of shape {y.shape} before a stage that gives {size}"
            )
        window = tuple(-(-old // new) for old, new in zip(y.shape[1:3], size))
        name = "x".join(map(str, (*y.shape[1:3], *size)))
        if all(-(-old // step) == new for old, step, new in zip(y.shape[1:3], window, size)):
            return self.shared(f"pool{name}", layers.MaxPooling2D, window, padding="same")
        return self.shared(f"pool{name}", layers.AdaptiveMaxPooling2D, size)

    def _attend(self, x, seen, task, number):
        channels = x.shape[-1]
        y = self.shared(f"{task}_g{number}", layers.Dense, channels)(seen)
        y = self._normalised(y, f"{task}_g{number}", "relu")
        y = self.shared(f"{task}_h{number}", layers.Dense, channels)(y)
        logits = self._normalised(y, f"{task}_h{number}", "linear")
        names = {"rows": [task], "columns": [str(i) for i in range(channels)]}
        table = f"{self.name} stage {number}"
        return self.shared(f"{task}_mask{number}", Mask, **names, table=table)([logits, x])

    def _normalised(self, x, name, activation):
        suffix = f"_{self._call}" if self._call else ""
        x = self.shared(f"{name}_bn{suffix}", layers.BatchNormalization, momentum=0.9)(x)
        return self.shared(f"{name}_{activation}", layers.Activation, activation)(x)
