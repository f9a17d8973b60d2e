"""The multi-task model: named outputs are tasks."""

import keras
import tensorflow as tf

from mtl_keras import checks, clock, graph
from mtl_keras import losses as task_losses
from mtl_keras import weighting as weightings
from mtl_keras.errors import unknown
from mtl_keras.keeper import Keeper, multipliers
from mtl_keras.logs import Logs, task_boards
from mtl_keras.metrics import fresh
from mtl_keras.preprocess import Preprocess
from mtl_keras.task_gradients import TaskGradients
from mtl_keras.training import TrainedByTask


@keras.saving.register_keras_serializable("mtl_keras")
class MultiTaskModel(TrainedByTask):
    """A functional Keras model with one named output for each task.

    Args:
        inputs: dict name -> `keras.Input`, or a list of inputs or one.
        outputs: dict task -> `KerasTensor`; the keys are the names of the tasks and their order
            is kept. An output layer with another name is wrapped in an `Identity` of the
            task's name.
        preprocess: dict input name -> layer or `Sequential` that turns the raw value (a uint8
            picture, a string) into that input. Kept with the model for `export`.
        class_names: dict task -> list of str, names of the classes, kept for `export`.
        name: str, name of the model.

    Raises:
        ValueError: `outputs` is not a dict, a task bears the name of an input, an input reaches
            no task, or a name in `preprocess` or `class_names` is not known.

    Example:
        >>> x = keras.Input((4,), name="x")
        >>> h = keras.layers.Dense(8, activation="relu")(x)
        >>> outputs = {"a": keras.layers.Dense(3)(h), "b": keras.layers.Dense(1)(h)}
        >>> model = MultiTaskModel(x, outputs)
        >>> model.tasks
        ['a', 'b']
    """

    def __init__(self, inputs, outputs, name=None, **kwargs):
        preprocess = kwargs.pop("preprocess", None) or {}
        class_names = kwargs.pop("class_names", None) or {}
        by_name = checks.inputs_by_name(inputs)
        outputs = checks.named_outputs(by_name, outputs)
        super().__init__(inputs=inputs, outputs=outputs, name=name, **kwargs)
        self.tasks = list(outputs)
        self.task_inputs = {
            task: graph.needed_inputs(output, by_name) for task, output in outputs.items()
        }
        used = {name for names in self.task_inputs.values() for name in names}
        for name in by_name:
            if name not in used:
                raise ValueError(
                    f"Input {name!r} reaches no task. Tasks use: {', '.join(sorted(used))}."
                )
        for name in preprocess:
            if name not in by_name:
                raise unknown("input in preprocess", name, by_name)
        for task in class_names:
            if task not in outputs:
                raise unknown("task in class_names", task, outputs)
        self.class_names = {task: list(names) for task, names in class_names.items()}
        self._preprocess = Preprocess(preprocess)
        self.weighting = None
        self._logs = None
        self._class_weight = {}

    @property
    def preprocess(self):
        """Dict input name -> the layer that turns the raw value into that input."""
        return self._preprocess.layers

    @property
    def inputs_by_name(self):
        """Dict name -> `KerasTensor`, in the order in which the inputs were given."""
        return checks.inputs_by_name(self.input)

    @property
    def outputs_by_task(self):
        """Dict task -> `KerasTensor`."""
        outputs = dict(self.output)
        return {task: outputs[task] for task in self.tasks}

    # ---------------------------------------------------------------- compile

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        loss_weights=None,
        metrics=None,
        weighted_metrics=None,
        weighting=None,
        jacobian=None,
        log_weights=False,
        learning_rate_multipliers=None,
        run_eagerly=False,
        steps_per_execution=1,
        jit_compile="auto",
        auto_scale_loss=True,
    ):
        """Configures the model for training.

        Args:
            optimizer: as in Keras. Defaults to `"rmsprop"`.
            loss: dict task -> loss name, function or object; `None` for an output that is only
                wanted in `predict`. One loss for all tasks may be given bare.
            loss_weights: dict task -> float, multiplies the loss before the weighting; the logged
                `NAME_loss` stays unweighted. Missing keys are 1.
            metrics: dict task -> metric or list of metrics, counted over labelled rows. A metric
                given by name knows whether its task's loss takes logits. A bare metric
                name or list of names serves every task.
            weighted_metrics: the same, with sample weights too.
            weighting: how the tasks share the step: `None` (as plain Keras), a name from
                `weighting.names()`, a dict of constant weights by task, or a `Weighting`.
            jacobian: a `Jacobian`: where, how often and on how much of the batch a method that
                looks at gradients does so. Defaults to the exact way of its paper.
            log_weights: bool, also log `NAME_weight` and, for methods that look at gradients,
                `conflict/A_B`, the cosine between two tasks' gradients. Defaults to `False`.
            learning_rate_multipliers: dict layer name -> factor on the updates of that layer.
            run_eagerly, steps_per_execution, jit_compile, auto_scale_loss: as in Keras.

        Raises:
            ValueError: a name is not known (the nearest one is suggested), a task lacks a loss.
        """
        losses = checks.by_task("loss", loss, self.tasks)
        with_loss = [task for task in self.tasks if losses[task]]
        asked = {
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
        }
        asked = {
            name: checks.by_task(name, value, self.tasks, with_loss)
            for name, value in asked.items()
        }
        if log_weights and weighting is None:
            raise ValueError("Argument `log_weights` needs a weighting. Received: weighting=None")
        execution = {
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
            "auto_scale_loss": auto_scale_loss,
        }
        self._config = {
            "loss": losses,
            **asked,
            "jacobian": jacobian,
            "log_weights": log_weights,
            "learning_rate_multipliers": learning_rate_multipliers,
            **execution,
        }
        if not with_loss:
            raise ValueError(f"No task has a loss. Received: loss={loss!r}")
        # Keras adds in the order of the losses, to the last bit; a method's order is the tasks'.
        order = [t for t in losses if t in with_loss] if weighting is None else with_loss
        objects = {task: task_losses.get_loss(task, losses[task]) for task in order}
        boards = task_boards(
            objects, self.outputs_by_task, asked["metrics"], asked["weighted_metrics"]
        )
        self._use_weighting(weighting, list(objects))
        self._logs = Logs(boards, asked["loss_weights"], self.weighting if log_weights else None)
        super().compile(optimizer=optimizer, loss=objects, **execution)
        self.loss_objects = {task: objects.get(task) for task in self.tasks}
        self.reach = graph.reach(self, list(objects))
        self._build_optimizer()
        factors = multipliers(self, learning_rate_multipliers)
        self._keeper = Keeper(self.reach, self.optimizer, self.weighting, factors)
        self._task_gradients = None
        if self.weighting is not None and self.weighting.sees != "losses":
            self._task_gradients = TaskGradients(self, self.weighting, jacobian)
        elif jacobian is not None:
            raise ValueError(
                "Argument `jacobian` needs a weighting that looks at gradients. Received: "
                f"weighting={weighting!r}"
            )

    def _use_weighting(self, weighting, tasks):
        if self.weighting is not None:
            self._tracker.untrack(self.weighting)
        weighting = weightings.get(weighting)
        if weighting is not None and weighting.task_names != tasks:
            if weighting.task_names is not None:  # it has the state of other tasks
                weighting = type(weighting).from_config(weighting.get_config())
            weighting.build(tasks)
        self.weighting = weighting

    def _build_optimizer(self):
        optimizer = getattr(self.optimizer, "inner_optimizer", self.optimizer)
        if not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)
        known = {id(v) for v in optimizer._trainable_variables}
        strange = [v.path for v in self.trainable_variables if id(v) not in known]
        if strange:
            raise ValueError(
                "Argument `optimizer` must be new: the one given was built for other variables. "
                f"It does not know {strange[0]}."
            )

    # -------------------------------------------------------------------- fit

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        *,
        class_weight=None,
        **kwargs,
    ):
        """Trains the model; as `keras.Model.fit`.

        Args:
            x: a `tf.data.Dataset` of (inputs, labels) or (inputs, labels, sample weights), dicts by
                name; or arrays as in Keras.
            y, batch_size, epochs, verbose: as in Keras.
            callbacks: list of callbacks. With `callbacks.Checkpoint` among them, training goes
                on where it stopped. Callbacks with `mode="auto"` learn which direction is better.
            class_weight: dict task -> {class: weight}; a class left out weighs 1.
            **kwargs: as in Keras.

        Returns:
            The `History`.

        Raises:
            ValueError: names in the data or in `class_weight` do not fit, or the data are empty.
        """
        self._assert_compile_called("fit")
        checks.data(x, self.inputs_by_name, self.tasks)
        class_weight = checks.class_weights(
            class_weight, {t: b.loss for t, b in self._boards.items()}, self.outputs_by_task
        )
        if class_weight != self._class_weight:
            self._class_weight = class_weight
            self.train_function = None
        callbacks = [c for c in keras.tree.flatten(callbacks) if c is not None]
        for callback in callbacks:
            if getattr(callback, "mode", None) == "auto":
                name = callback.monitor.removeprefix("val_")
                callback.mode = self._logs.directions.get(name, "auto")
        if isinstance(x, tf.data.Dataset):
            kwargs.setdefault("shuffle", False)  # its order is its own
        options = {"y": y, "batch_size": batch_size, "verbose": verbose, **kwargs}
        checkpoints = [c for c in callbacks if hasattr(c, "resume")]
        if not checkpoints:
            return super().fit(x, epochs=epochs, callbacks=[_Epochs(), *callbacks], **options)
        (checkpoint,) = checkpoints
        # A checkpoint comes after everybody else, so that it holds what they know.
        others = [c for c in callbacks if c is not checkpoint]
        if not any(isinstance(c, keras.callbacks.History) for c in others):
            others.append(keras.callbacks.History())
        options["callbacks"] = [_Epochs(), *others, checkpoint]
        checkpoint.check(x, kwargs)
        epoch, batch = checkpoint.resume(self, others)
        if batch:
            rest = {**options, "initial_epoch": epoch, "epochs": epoch + 1}
            super().fit(x.skip(batch), **rest)
            if self.stop_training:
                return self.history
            epoch, _ = checkpoint.resume(self, others)
        options["initial_epoch"] = max(epoch, kwargs.get("initial_epoch", 0))
        return super().fit(x, epochs=epochs, **options)

    # ---------------------------------------------------------- views, export

    def task(self, name):
        """Returns a plain `keras.Model` of one task over the same variables.

        Args:
            name: str, a task.

        Returns:
            A `keras.Model` with the inputs that the task needs (a bare tensor where it is one),
            compiled with the task's loss and metrics where this model is compiled.

        Raises:
            ValueError: the task is not known.
        """
        if name not in self.tasks:
            raise unknown("task", name, self.tasks)
        inputs = {key: self.inputs_by_name[key] for key in self.task_inputs[name]}
        bare = next(iter(inputs.values())) if len(inputs) == 1 else inputs
        view = keras.Model(bare, self.outputs_by_task[name], name=name)
        if self.compiled and self.loss_objects[name] is not None:
            optimizer = self.optimizer
            view.compile(
                type(optimizer).from_config(optimizer.get_config()),
                loss=self.loss_objects[name],
                metrics=[fresh(metric, key) for key, metric in self._boards[name].plain],
            )
        return view

    def export(self, filepath, overwrite=False, card=None):
        """Exports a SavedModel that takes raw pictures and raw text.

        Args:
            filepath: str or path, a new directory.
            overwrite: bool, whether an earlier export there is replaced. Defaults to `False`.
            card: dict of what the model card says of data and metrics.

        Raises:
            ValueError: the path holds something already.
        """
        from mtl_keras import export

        return export.export(self, filepath, overwrite=overwrite, card=card)


class _Epochs(keras.callbacks.Callback):
    """Tells the data pipelines and the weighting which epoch it is."""

    def on_epoch_begin(self, epoch, logs=None):
        clock.set_epoch(epoch)

    def on_epoch_end(self, epoch, logs=None):
        # Not from the running means, which by now may be those of the validation data.
        model = self.model
        if "loss" not in logs:
            raise ValueError("The data set is empty: it gave no batch.")
        if model.weighting is not None:
            means = tf.constant([logs[f"{task}_loss"] for task in model._boards], tf.float32)
            present = ~tf.math.is_nan(means)
            model.weighting.on_epoch_end(tf.where(present, means, 0.0), present)
