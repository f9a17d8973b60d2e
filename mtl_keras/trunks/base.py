"""What every trunk does: share its layers between the inputs it is called on."""


class Trunk:
    """A builder that is called on tensors, and shares its layers between the calls.

    Subclasses implement `connect(x)`, or `stages()` where the network has natural parts, with
    `shared` layers, one for all inputs, and `private` layers, one for each input. A call on
    the same tensor returns the same features.

    Args:
        name: str, prefix of the layers' names.

    Example:
        >>> import keras
        >>> class Linear(Trunk):
        ...     def connect(self, x):
        ...         return self.shared("dense", keras.layers.Dense, 3)(x)
        >>> trunk = Linear("linear")
        >>> trunk(keras.Input((4,))).shape
        (None, 3)
    """

    def __init__(self, name):
        self.name = name
        self._layers = {}
        self._outputs = {}
        self._calls = 0
        self._call = 0

    def __call__(self, x):
        """Adds the layers to the graph of `x` and returns the features."""
        if id(x) not in self._outputs:
            features = x
            for stage in self.path():
                features = stage(features)
            # The input is kept beside the output, so that its id stays its own.
            self._outputs[id(x)] = (x, features)
        return self._outputs[id(x)][1]

    def connect(self, x):
        raise NotImplementedError(f"{type(self).__name__} must implement connect(x) or stages().")

    def stages(self):
        """Returns the parts of the network, functions tensor -> tensor; the last ends in pooling.

        Sharing architectures stitch, mix and attend between them.
        """
        return [self.connect]

    def path(self):
        """Returns the stages bound to one more input, whose private layers they make.

        Example:
            >>> import keras
            >>> from mtl_keras.trunks import conv_trunk
            >>> x = keras.Input((32, 32, 3))
            >>> for stage in conv_trunk(width=2).path():
            ...     x = stage(x)
            >>> x.shape
            (None, 16)
        """
        call, self._calls = self._calls, self._calls + 1

        def bind(stage):
            def run(x):
                self._call = call
                return stage(x)

            return run

        return [bind(stage) for stage in self.stages()]

    def shared(self, name, layer, *args, **kwargs):
        """Returns the layer of this name, made at the first call."""
        if name not in self._layers:
            self._layers[name] = layer(*args, name=f"{self.name}_{name}", **kwargs)
        return self._layers[name]

    def private(self, name, layer, *args, **kwargs):
        """Returns the layer of this name for the input of this call."""
        suffix = f"_{self._call}" if self._call else ""
        return self.shared(f"{name}{suffix}", layer, *args, **kwargs)
