"""What a weighting method sees and what it answers: the base classes."""

import inspect

import keras
import tensorflow as tf


class Weighting(keras.layers.Layer):
    """Decides how the tasks of a step share it; base class of all methods.

    A method is a Keras layer so that Keras tracks and saves its state, which it keeps in
    `keras.Variable`s made in `setup`. It never sees the model: the model looks at
    `sees` and calls the method with what is named there.

    Subclasses take their options as constructor arguments, keep each under its own name and
    pass nothing on: `get_config` returns exactly these.

    A method may also have, with those of the arguments that it wants:

    - `after_step(losses, present)`: hears the losses of the same batch at the new parameters (a
      second forward pass in training mode, its state updates discarded).
    - `own_weights(weights, losses, present)`: a gradient method's factors (T,) on the gradients of
      the variables that one task alone reaches, where its paper scales the losses themselves. 1
      otherwise.
    - `objective(losses, present)`: a gradient method's scalar whose gradient trains its own
      trainable variables. Those of loss methods are trained through `combine`.
    - `at`: where its paper looks at the gradients, unless `compile(jacobian=...)` says otherwise.
    - `non_conflicting`: whether its paper proves that no task's loss rises in a small step.
    """

    sees = "losses"
    at = "shared"
    non_conflicting = False

    def __init_subclass__(cls, **kwargs):
        # A Keras layer has a property `weights`, its variables; methods call their rule so too.
        super().__init_subclass__(**kwargs)
        if inspect.isfunction(rule := cls.__dict__.get("weights")):
            cls._rule = rule
            cls.weights = property(
                lambda self: _Weights(keras.layers.Layer.weights.fget(self), rule.__get__(self))
            )

    def __init__(self):
        super().__init__(name=None, dtype="float32", autocast=False)
        self.task_names = None

    def build(self, task_names):
        """Makes the state for these tasks.

        Args:
            task_names: list of str, in the order in which losses and weights are given.
        """
        self.task_names = list(task_names)
        self.setup()

    def setup(self):
        """Makes the variables of the method; `self.task_names` is set."""

    @property
    def num_tasks(self):
        """The number of tasks, T."""
        return len(self.task_names)

    def on_epoch_end(self, mean_losses, present):
        """Hears the mean losses of an epoch.

        Args:
            mean_losses: float32 NumPy array (T,), 0 where the task had no label.
            present: bool NumPy array (T,), whether the task had a label in the epoch.
        """

    def get_config(self):
        """Returns the arguments of the constructor."""
        arguments = list(inspect.signature(type(self).__init__).parameters)[1:]
        return {name: getattr(self, name) for name in arguments}

    def get_build_config(self):
        return None if self.task_names is None else {"task_names": self.task_names}

    def build_from_config(self, config):
        self.build(config["task_names"])

    def save_own_variables(self, store):
        for index, variable in enumerate(self._saved()):
            store[str(index)] = variable

    def load_own_variables(self, store):
        for index, variable in enumerate(self._saved()):
            variable.assign(store[str(index)])

    def _saved(self):
        """Returns the variables to save; Keras itself leaves out where random draws stand."""
        draws = [generator.state for generator in self._seed_generators]
        return self._trainable_variables + self._non_trainable_variables + draws

    def _ask(self, function, **facts):
        """Calls `function` with those of the facts that its signature names."""
        wanted = inspect.signature(function).parameters
        return function(**{name: fact for name, fact in facts.items() if name in wanted})

    def _check(self, losses, present):
        """Returns losses (T,) float32, 0 where absent, and present (T,) bool."""
        if self.task_names is None:
            raise ValueError(
                f"{type(self).__name__} must be built before it is called: "
                "method.build(task_names)."
            )
        losses = tf.cast(tf.convert_to_tensor(losses), tf.float32)
        if losses.shape.rank != 1 or losses.shape[0] not in (None, self.num_tasks):
            raise ValueError(
                f"Argument `losses` must have shape ({self.num_tasks},), one loss for each of "
                f"{self.task_names}. Received: shape {tuple(losses.shape)}"
            )
        if present is None:
            return losses, tf.ones([self.num_tasks], tf.bool)
        present = tf.cast(present, tf.bool)
        return tf.where(present, losses, 0.0), present


class _Weights(list):
    """A list of variables that can be called as the method's rule."""

    def __init__(self, variables, rule):
        super().__init__(variables)
        self._rule = rule

    def __call__(self, *args, **kwargs):
        return self._rule(*args, **kwargs)


class LossWeighting(Weighting):
    """Base class of methods that look at the losses only (one backward pass).

    A method implements `weights(losses)`, constants of the backward pass, or
    `combine(losses)`, a scalar that is differentiated as it stands. Both may also ask for
    `present`. Called, it returns the scalar to minimise.

    Example:
        >>> import tensorflow as tf
        >>> class Halves(LossWeighting):
        ...     def weights(self, losses):
        ...         return tf.fill([self.num_tasks], 0.5)
        >>> method = Halves()
        >>> method.build(["a", "b"])
        >>> float(method(losses=[1.0, 3.0]))
        2.0
    """

    def _rule(self, losses):
        raise NotImplementedError(f"{type(self).__name__} implements neither weights nor combine.")

    def combine(self, losses, present):
        weights = self._ask(self._rule, losses=tf.stop_gradient(losses), present=present)
        weights = tf.where(present, tf.cast(weights, losses.dtype), 0.0)
        return tf.reduce_sum(tf.stop_gradient(weights) * losses)

    def __call__(self, losses, present=None):
        """Returns the scalar to minimise.

        Args:
            losses: float tensor (T,).
            present: bool tensor (T,), which tasks have a label in the batch; all by default.
        """
        losses, present = self._check(losses, present)
        return self._ask(self.combine, losses=losses, present=present)


class _Failsafe(Weighting):
    """Keeps the last good decision where a new one is not finite, and counts such steps."""

    def build(self, task_names):
        super().build(task_names)
        self.last_weights = self.add_weight(
            shape=(self.num_tasks,), initializer="ones", trainable=False, name="last_weights"
        )
        self.failures = self.add_weight(
            shape=(), initializer="zeros", dtype="int64", trainable=False, name="failures"
        )

    def _finite(self, weights, present):
        weights = tf.where(present, weights, 0.0)
        good = tf.reduce_all(tf.math.is_finite(weights))
        weights = tf.cast(tf.clip_by_value(weights, tf.float32.min, tf.float32.max), tf.float32)
        weights = tf.where(good, weights, tf.where(present, self.last_weights.value, 0.0))
        self.last_weights.assign(tf.where(present, weights, self.last_weights.value))
        self.failures.assign_add(tf.cast(~good, tf.int64))
        return weights


class GramianWeighting(_Failsafe):
    """Base class of methods that look at the inner products of the task gradients.

    A method implements `weights(gramian)` and may also ask for `losses` and `present`. The
    Gramian is G = J Jᵀ, (T, T) float64, with rows and columns of absent tasks zero. Called, it
    returns the weights (T,) float32; the direction is d = Jᵀ w. A decision that is not finite
    keeps the last good weights and is counted in `failures`.

    Example:
        >>> import tensorflow as tf
        >>> class InverseNorm(GramianWeighting):
        ...     def weights(self, gramian):
        ...         return tf.math.rsqrt(tf.linalg.diag_part(gramian))
        >>> method = InverseNorm()
        >>> method.build(["a", "b"])
        >>> method(losses=[1.0, 1.0], gramian=[[4.0, 0.0], [0.0, 1.0]]).numpy().tolist()
        [0.5, 1.0]
    """

    sees = "gramian"

    def _rule(self, gramian):
        raise NotImplementedError(f"{type(self).__name__} must implement weights(gramian).")

    def __call__(self, losses, gramian, present=None):
        """Returns the weights (T,) float32.

        Args:
            losses: float tensor (T,).
            gramian: tensor (T, T), cast to float64.
            present: bool tensor (T,), which tasks have a label in the batch; all by default.
        """
        losses, present = self._check(losses, present)
        gramian = tf.cast(gramian, tf.float64)
        if gramian.shape.as_list() != [self.num_tasks, self.num_tasks]:
            raise ValueError(
                f"Argument `gramian` must have shape ({self.num_tasks}, {self.num_tasks}). "
                f"Received: shape {tuple(gramian.shape)}"
            )
        gramian = tf.where(present[:, None] & present[None, :], gramian, 0.0)
        weights = self._ask(self._rule, gramian=gramian, losses=losses, present=present)
        return self._finite(weights, present)


class TwoBatchGramianWeighting(GramianWeighting):
    """Base class of methods that need two independent estimates of the task gradients.

    As `GramianWeighting`, but the Gramian is the cross Gramian J₁ J₂ᵀ of the two halves of the
    batch, which is not symmetric.
    """

    sees = "cross_gramian"


class JacobianWeighting(_Failsafe):
    """Base class of methods whose answer is not a weighted sum of the task gradients.

    A method implements `direction(jacobian)`, (T, P) float32 to (P,), and may also ask for
    `losses`, `features` and `present`; rows of absent tasks are zero. A direction that is not
    finite is replaced by the sum of the rows, and counted in `failures`. State with a number for
    each parameter is made in `setup_parameters(size)`, which is called once P is known: by the
    model when it is compiled, else at the first call.

    Example:
        >>> import tensorflow as tf
        >>> class Signs(JacobianWeighting):
        ...     def direction(self, jacobian):
        ...         return tf.sign(tf.reduce_sum(jacobian, axis=0))
        >>> method = Signs()
        >>> method.build(["a", "b"])
        >>> method(losses=[1.0, 1.0], jacobian=[[1.0, -2.0], [1.0, 1.0]]).numpy().tolist()
        [1.0, -1.0]
    """

    sees = "jacobian"
    size = None

    def direction(self, jacobian):
        raise NotImplementedError(f"{type(self).__name__} must implement direction(jacobian).")

    def build(self, task_names, size=None):
        """Makes the state.

        Args:
            task_names: list of str.
            size: int, P, the number of parameters; known later if left out.
        """
        super().build(task_names)
        if size is not None:
            self.build_parameters(size)

    def build_parameters(self, size):
        """Makes the state that has a number for each of P parameters; again for another P.

        Args:
            size: int, P.
        """
        if size != self.size:
            self.size = size
            self._tracker.unlock()  # Keras locks a layer once it is built.
            self.setup_parameters(size)
            self._tracker.lock()

    def setup_parameters(self, size):
        """Makes the variables that have a number for each of P parameters."""

    def get_build_config(self):
        config = super().get_build_config()
        return config and {**config, "size": self.size}

    def build_from_config(self, config):
        self.build(**config)

    def __call__(self, losses, jacobian, features=None, present=None):
        """Returns the direction (P,) float32.

        Args:
            losses: float tensor (T,).
            jacobian: float tensor (T, P), one row of gradients for each task.
            features: the shared features, where the gradients were taken there.
            present: bool tensor (T,), which tasks have a label in the batch; all by default.
        """
        losses, present = self._check(losses, present)
        jacobian = tf.cast(jacobian, tf.float32)
        if jacobian.shape.rank != 2 or jacobian.shape[0] != self.num_tasks:
            raise ValueError(
                f"Argument `jacobian` must have shape ({self.num_tasks}, P). "
                f"Received: shape {tuple(jacobian.shape)}"
            )
        if self.size is None:
            self.build_parameters(jacobian.shape[1])
        jacobian = tf.where(present[:, None], jacobian, 0.0)
        direction = self._ask(
            self.direction, jacobian=jacobian, losses=losses, features=features, present=present
        )
        good = tf.reduce_all(tf.math.is_finite(direction))
        self.failures.assign_add(tf.cast(~good, tf.int64))
        return tf.where(good, direction, tf.reduce_sum(jacobian, axis=0))
