"""Hard parameter sharing."""

from mtl_keras.architectures.base import Architecture


class hard_sharing(Architecture):
    """Shares one trunk between all tasks: y_k = h_k(f(x)).

    Parameters: those of one trunk. Shared: all of them.

    Args:
        make: function name -> trunk, such as `lambda name: conv_trunk(8, name=name)`.
        tasks: list of str.
        name: str, prefix of the layers' names. Defaults to `"hard_sharing"`.

    Example:
        >>> import keras
        >>> from mtl_keras.trunks import conv_trunk
        >>> share = hard_sharing(lambda name: conv_trunk(2, name=name), ["digit", "parity"])
        >>> features = share(keras.Input((28, 28, 1)))
        >>> features["digit"] is features["parity"]
        True

    Reference:
        Caruana, "Multitask Learning", Machine Learning 28, 1997.
    """

    def __init__(self, make, tasks, name="hard_sharing"):
        super().__init__(make, tasks, name)

    def connect(self, x, tasks):
        return dict.fromkeys(tasks, self.trunk("trunk")(x))
