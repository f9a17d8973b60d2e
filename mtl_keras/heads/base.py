"""What every head has: a name, a loss and metrics."""

import numbers


class Head:
    """A builder that is called on features and returns the output of its task.

    Subclasses implement `__call__(features)`, which makes the layers: a head is called once in a
    model.

    Args:
        name: str, name of the task and of the layer that makes its output.
        loss: loss object, for `compile`.
        metrics: list of metric names and objects, for `compile`. The first one counts in
            `mean_score`.

    Example:
        >>> import keras
        >>> class Scaled(Head):
        ...     def __init__(self, name):
        ...         super().__init__(name, keras.losses.MeanSquaredError(), ["mae"])
        ...
        ...     def __call__(self, features):
        ...         return keras.layers.Rescaling(2.0, name=self.name)(features)
        >>> head = Scaled("twice")
        >>> head(keras.Input((3,))).shape, head.loss.name
        ((None, 3), 'mean_squared_error')
    """

    def __init__(self, name, loss, metrics):
        if not isinstance(name, str) or not name:
            raise ValueError(f"Argument `name` must be the name of a task. Received: name={name!r}")
        self.name, self.loss, self.metrics = name, loss, metrics

    def __call__(self, features):
        raise NotImplementedError(f"{type(self).__name__} must implement __call__(features).")


def whole_number(argument, value, least):
    """Returns a whole number that is large enough.

    Raises:
        ValueError: it is none, or too small.

    Example:
        >>> whole_number("classes", 10, least=2)
        10
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
        raise ValueError(
            f"Argument `{argument}` must be a whole number >= {least}. Received: "
            f"{argument}={value!r}"
        )
    return int(value)


def whole_numbers(argument, values, names):
    """Returns a tuple of whole numbers >= 1, one for each name.

    Raises:
        ValueError: it is none.

    Example:
        >>> whole_numbers("size", [28, 32], ["height", "width"])
        (28, 32)
    """
    if not isinstance(values, (list, tuple)) or len(values) != len(names):
        raise ValueError(
            f"Argument `{argument}` must be ({', '.join(names)}). Received: {argument}={values!r}"
        )
    return tuple(whole_number(argument, value, least=1) for value in values)
