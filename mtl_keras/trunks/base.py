"""What every trunk does: share its layers between the inputs it is called on."""


class Trunk:
    """A builder that is called on tensors, and shares its layers between the calls.

    Subclasses implement `connect(x)` with `shared` layers, one for all inputs, and `private`
    layers, one for each input. A call on the same tensor returns the same features.

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
        self._call = 0

    def __call__(self, x):
        """Adds the layers to the graph of `x` and returns the features."""
        if id(x) not in self._outputs:
            # The input is kept beside the output, so that its id stays its own.
            self._outputs[id(x)] = (x, self.connect(x))
            self._call += 1
        return self._outputs[id(x)][1]

    def connect(self, x):
        raise NotImplementedError(f"{type(self).__name__} must implement connect(x).")

    def shared(self, name, layer, *args, **kwargs):
        """Returns the layer of this name, made at the first call."""
        if name not in self._layers:
            self._layers[name] = layer(*args, name=f"{self.name}_{name}", **kwargs)
        return self._layers[name]

    def private(self, name, layer, *args, **kwargs):
        """Returns the layer of this name for the input of this call."""
        suffix = f"_{self._call}" if self._call else ""
        return self.shared(f"{name}{suffix}", layer, *args, **kwargs)
