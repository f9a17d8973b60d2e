"""The multi-task model: named outputs are tasks."""

import os

import keras
import tensorflow as tf

from mtl_keras import clock, graph, step
from mtl_keras import losses as task_losses
from mtl_keras import weighting as weightings
from mtl_keras.errors import unknown
from mtl_keras.preprocess import Preprocess


@keras.saving.register_keras_serializable("mtl_keras")
class MultiTaskModel(keras.Model):
    """A functional Keras model with one named output for each task.

    Args:
        inputs: dict name -> `keras.Input`, or a list of inputs or one.
        outputs: dict task -> `KerasTensor`; the keys are the names of the tasks and their order
            is kept. An output layer with another name is wrapped in an `Identity` of the task's name.
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
        >>> model = MultiTaskModel(x, {"a": keras.layers.Dense(3)(h), "b": keras.layers.Dense(1)(h)})
        >>> model.tasks
        ['a', 'b']
    """

    def __init__(self, inputs, outputs, name=None, **kwargs):
        preprocess = kwargs.pop("preprocess", None) or {}
        class_names = kwargs.pop("class_names", None) or {}
        by_name = _inputs_by_name(inputs)
        outputs = _named_outputs(by_name, outputs)
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
        self._boards = {}
        self._class_weight = {}

    @property
    def preprocess(self):
        """Dict input name -> the layer that turns the raw value into that input."""
        return self._preprocess.layers

    @property
    def inputs_by_name(self):
        """Dict name -> `KerasTensor`, in the order in which the inputs were given."""
        return _inputs_by_name(self.input)

    # ---------------------------------------------------------------- compile

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        loss_weights=None,
        metrics=None,
        weighted_metrics=None,
        weighting=None,
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
            log_weights: bool, also log `NAME_weight` and, for methods that look at gradients,
                `conflict/A_B`, the cosine between two tasks' gradients. Defaults to `False`.
            learning_rate_multipliers: dict layer name -> factor on the updates of that layer.
            run_eagerly, steps_per_execution, jit_compile, auto_scale_loss: as in Keras.

        Raises:
            ValueError: a name is not known (the nearest one is suggested), a task lacks a loss.
        """
        losses = self._task_dict("loss", loss, required=True)
        metrics = self._task_dict("metrics", metrics)
        weighted_metrics = self._task_dict("weighted_metrics", weighted_metrics)
        loss_weights = self._task_dict("loss_weights", loss_weights)
        if log_weights and weighting is None:
            raise ValueError("Argument `log_weights` needs a weighting. Received: weighting=None")
        self._config = {
            "loss": losses,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "log_weights": log_weights,
            "learning_rate_multipliers": learning_rate_multipliers,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
            "auto_scale_loss": auto_scale_loss,
        }
        objects = {task: task_losses.get_loss(task, loss) for task, loss in losses.items() if loss}
        if not objects:
            raise ValueError(f"No task has a loss. Received: loss={loss!r}")
        self._use_weighting(weighting, list(objects))
        super().compile(
            optimizer=optimizer,
            loss=objects,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
            auto_scale_loss=auto_scale_loss,
        )
        self.loss_objects = {task: objects.get(task) for task in self.tasks}
        outputs = dict(self.output)
        self._boards = _Untracked(
            (task, task_losses.TaskBoard(task, loss, *(
                _metric_objects(task, asked.get(task), loss, outputs[task].shape[-1])
                for asked in (metrics, weighted_metrics)
            )))
            for task, loss in objects.items()
        )
        self._loss_weights = loss_weights
        self._extra = keras.metrics.Mean(name="regularization")
        self._score = _MeanScore(self._boards)
        self._monitor = _Untracked(_monitors(list(objects), self.weighting) if log_weights else {})
        self.reach = graph.reach(self, list(objects))
        if not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)
        self._keeper = step.Keeper(
            self.reach, self.optimizer, self.weighting, self._multipliers(learning_rate_multipliers)
        )

    def _task_dict(self, argument, value, required=False):
        """Checks a dict by task; a bare value serves every task."""
        if value is None and not required:
            return {}
        if value is None:
            raise ValueError(f"Argument `{argument}` must be a dict task -> loss. Received: None")
        if not isinstance(value, dict):
            if argument == "loss_weights":
                raise ValueError(
                    f"Argument `loss_weights` must be a dict task -> float. Received: {value!r}"
                )
            return {task: value for task in self.tasks}
        for task in value:
            if task not in self.tasks:
                raise unknown(f"task in {argument}", task, self.tasks)
        missing = [task for task in self.tasks if task not in value]
        if required and missing:
            raise ValueError(
                f"Task {missing[0]!r} has no {argument}. Give one, or None for an output that is "
                f"only wanted in predict. Received: {argument} for {', '.join(value)}"
            )
        return dict(value)

    def _use_weighting(self, weighting, tasks):
        if self.weighting is not None:
            self._tracker.untrack(self.weighting)
        weighting = weightings.get(weighting)
        if weighting is not None and weighting.task_names != tasks:
            weighting.build(tasks)
        self.weighting = weighting

    def _multipliers(self, by_layer):
        multipliers = {}
        names = [layer.name for layer in self._flatten_layers(include_self=False)]
        for name, factor in (by_layer or {}).items():
            if name not in names:
                raise unknown("layer in learning_rate_multipliers", name, names)
            for layer in self._flatten_layers(include_self=False):
                if layer.name == name:
                    multipliers |= {id(v): float(factor) for v in layer.trainable_variables}
        return multipliers

    # ------------------------------------------------------------- train, test

    def fit(self, x=None, *args, class_weight=None, callbacks=None, **kwargs):
        """Trains the model; as `keras.Model.fit`.

        Args:
            x: a `tf.data.Dataset` of (inputs, labels) or (inputs, labels, sample weights), dicts by
                name; or arrays as in Keras.
            class_weight: dict task -> {class: weight}.
            callbacks: list of callbacks. With `callbacks.Checkpoint` among them, training goes
                on where it stopped.
            *args, **kwargs: as in Keras.

        Returns:
            The `History`.

        Raises:
            ValueError: names in the data or in `class_weight` do not fit, or the data are empty.
        """
        self._check_data(x)
        self._set_class_weight(class_weight or {})
        callbacks = list(callbacks or [])
        resuming = [c for c in callbacks if hasattr(c, "resume")]
        others = [c for c in callbacks if not hasattr(c, "resume")]
        if resuming:
            # After everybody else, so that a checkpoint holds what they know.
            others = [c for c in others if not isinstance(c, keras.callbacks.History)]
            others.append(keras.callbacks.History())
        if isinstance(x, tf.data.Dataset):
            kwargs.setdefault("shuffle", False)  # its order is its own
        kwargs["callbacks"] = [_Epochs(), *others, *resuming]
        for callback in resuming:
            epoch, batch = callback.resume(self, others)
            if batch:
                partial = {**kwargs, "initial_epoch": epoch, "epochs": epoch + 1}
                super().fit(_skip(x, batch), *args, **partial)
                if self.stop_training:
                    return self.history
                epoch, _ = callback.resume(self, others)
            kwargs["initial_epoch"] = max(epoch, kwargs.get("initial_epoch", 0))
        return super().fit(x, *args, **kwargs)

    def make_train_function(self, force=False):
        # XLA joins multiplications and additions as it fuses them, so a step that masks labels
        # differs from Keras' own in the last bit even where no label is missing. So for
        # `weighting=None` XLA compiles both steps, and the one that fits the batch is run.
        whole = self.jit_compile
        parts = whole and self.weighting is None and not self.run_eagerly
        self._xla_parts = bool(parts and self.distribute_strategy.num_replicas_in_sync == 1)
        if self._xla_parts:
            self.jit_compile = False
        super().make_train_function(force)
        self.jit_compile = whole

    def train_step(self, data):
        x, y, sample_weight = self._unpack(data)
        if not self._xla_parts:
            return self._step(x, y, sample_weight)
        complete = step.no_label_missing(self._boards, y, sample_weight)
        masked = tf.function(lambda: self._step(x, y, sample_weight), jit_compile=True)
        if complete is None or self._class_weight:
            return masked()
        plain = tf.function(lambda: self._step(x, y, sample_weight, plain=True), jit_compile=True)
        return tf.cond(complete, plain, masked)

    def _step(self, x, y, sample_weight, plain=False):
        old = {} if plain else self._keeper.before()
        gramian = self.weighting is not None and self.weighting.sees != "losses"
        variables = self.trainable_variables
        with tf.GradientTape(persistent=gramian) as tape:
            y_pred = self(x, training=True)
            batch = step.batch_losses(
                self._boards, y, y_pred, sample_weight, self._class_weight, self._loss_weights, plain
            )
            extra = self._extra_loss()
        decision = {}
        if gramian:
            gradients, decision = step.task_gradient_step(
                tape, self.weighting, batch, extra, self.optimizer, self.reach, variables
            )
        else:
            gradients = step.loss_gradients(
                tape, self.weighting, batch, extra, self.optimizer, variables
            )
        found = [(g, v) for g, v in zip(gradients, variables) if g is not None]
        self.optimizer.apply_gradients(found)
        if not plain:
            self._keeper.after(old, batch.present)
        if self._monitor:
            _record(self._monitor, self.weighting, batch, decision)
        return self.get_metrics_result()

    def test_step(self, data):
        x, y, sample_weight = self._unpack(data)
        y_pred = self(x, training=False)
        step.batch_losses(self._boards, y, y_pred, sample_weight, None, self._loss_weights)
        self._extra_loss()
        return self.get_metrics_result()

    def _unpack(self, data):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        if isinstance(x, dict):
            x = {name: x[name] for name in self.inputs_by_name}
        if not isinstance(y, dict):
            if len(self._boards) > 1 or y is None:
                raise ValueError(
                    "Labels must be a dict task -> labels, since their order is not known. "
                    f"Received: {type(y).__name__}"
                )
            y = {next(iter(self._boards)): y}
        for task in y:
            if task not in self.tasks:
                raise unknown("task in the labels", task, self.tasks)
        if sample_weight is None:
            sample_weight = {}
        elif not isinstance(sample_weight, dict):
            sample_weight = {task: sample_weight for task in self._boards}
        return x, y, sample_weight

    def _extra_loss(self):
        """Regularisation and `add_loss`, or None."""
        losses = self.losses
        if not losses:
            return None
        extra = tf.add_n([tf.reduce_sum(tf.cast(loss, tf.float32)) for loss in losses])
        self._extra.update_state(extra)
        return extra / step.replicas() if step.replicas() > 1 else extra

    @property
    def metrics(self):
        """The running means of all tasks."""
        if not self._boards:
            return []
        found = [metric for board in self._boards.values() for metric in board.all]
        return [*found, self._extra, *self._monitor.values(), self._score]

    def get_metrics_result(self):
        """Returns the logs: `loss`, `NAME_loss`, `NAME_METRIC` and `mean_score`."""
        logs = {}
        for board in self._boards.values():
            logs |= board.results()
        means = [
            tf.math.multiply_no_nan(logs[f"{task}_loss"], tf.cast(board.mean.count > 0, tf.float32))
            * self._loss_weights.get(task, 1.0)
            for task, board in self._boards.items()
        ]
        logs = {"loss": tf.add_n(means) + self._extra.result(), **logs}
        if any(board.plain for board in self._boards.values()):
            logs["mean_score"] = self._score.result()
        logs |= {name: metric.result() for name, metric in self._monitor.items()}
        if hasattr(self.weighting, "failures"):
            logs["weighting_failures"] = tf.cast(self.weighting.failures.value, tf.float32)
        return logs

    def _check_data(self, x):
        if not isinstance(x, tf.data.Dataset):
            return
        if int(x.cardinality()) == 0:
            raise ValueError("The data set is empty: it has no batch. Is it smaller than a batch?")
        spec = x.element_spec
        if not isinstance(spec, tuple) or len(spec) < 2:
            raise ValueError(
                "A data set must give (inputs, labels) or (inputs, labels, sample weights). "
                f"Received: {spec}"
            )
        if isinstance(spec[0], dict):
            for name in self.inputs_by_name:
                if name not in spec[0]:
                    raise ValueError(
                        f"Input {name!r} is not in the data set, which has: {', '.join(spec[0])}."
                    )
        if isinstance(spec[1], dict):
            for task in spec[1]:
                if task not in self.tasks:
                    raise unknown("task in the labels", task, self.tasks)

    def _set_class_weight(self, class_weight):
        found = {}
        for task, weights in class_weight.items():
            if task not in self._boards:
                raise unknown("task in class_weight", task, self._boards)
            kind = task_losses.kind(self._boards[task].loss)
            if kind not in ("sparse", "binary") or not isinstance(weights, dict):
                raise ValueError(
                    f"Argument `class_weight` must be {{task: {{class: weight}}}} for a task with "
                    f"class labels. Received: class_weight[{task!r}]={weights!r}"
                )
            classes = 2 if kind == "binary" else dict(self.output)[task].shape[-1]
            for number in weights:
                if number not in range(classes):
                    raise ValueError(
                        f"Argument `class_weight`: task {task!r} has classes 0..{classes - 1}. "
                        f"Received: class {number!r}"
                    )
            found[task] = [float(weights.get(number, 1.0)) for number in range(classes)]
        if found != dict(self._class_weight):
            self._class_weight = _Untracked(found)
            self.train_function = None

    # ------------------------------------------------------------------ views

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
        view = keras.Model(bare, dict(self.output)[name], name=name)
        if self.compiled and self.loss_objects[name] is not None:
            optimizer = self.optimizer
            view.compile(
                type(optimizer).from_config(optimizer.get_config()),
                loss=self.loss_objects[name],
                metrics=[
                    type(metric).from_config({**metric.get_config(), "name": key})
                    for key, metric in self._boards[name].plain
                ],
            )
        return view

    # ----------------------------------------------------------------- saving

    def get_config(self):
        config = super().get_config()
        names = {task: list(config["output_layers"][task]) for task in self.tasks}
        return {
            **config,
            "tasks": list(names),
            "class_names": self.class_names,
            "preprocess": self._preprocess.get_config(),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        tasks = config.pop("tasks")
        preprocess = Preprocess.from_config(config.pop("preprocess"))
        class_names = config.pop("class_names")
        plain = keras.Model.from_config.__func__(keras.Model, config, custom_objects)
        outputs = {task: plain.output[task] for task in tasks}
        return cls(
            plain.input,
            outputs,
            name=plain.name,
            preprocess=preprocess.layers,
            class_names=class_names,
        )

    def get_compile_config(self):
        if not self.compiled:
            return {}
        return keras.saving.serialize_keras_object(
            {"optimizer": self.optimizer, "weighting": self.weighting, **self._config}
        )

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    def save_own_variables(self, store):
        super().save_own_variables(store)
        for key, variable in self._hidden_variables():
            store[key] = variable.numpy()

    def load_own_variables(self, store):
        for key, variable in self._hidden_variables():
            if key in store:
                variable.assign(store[key])

    def _hidden_variables(self):
        """Variables that Keras does not save: states of random layers, preprocessing."""
        seeds = [v for v in self.variables if v.path.endswith("seed_generator_state")]
        found = [(f"seed_{index}", v) for index, v in enumerate(seeds)]
        return found + self._preprocess.variables()

    def save(self, filepath, overwrite=True, zipped=None, **kwargs):
        """Saves the model as a `.keras` file; an earlier file stays whole until the end."""
        filepath = os.fspath(filepath)
        if not filepath.endswith(".keras") or zipped is False:
            return super().save(filepath, overwrite=overwrite, zipped=zipped, **kwargs)
        if os.path.exists(filepath) and not overwrite:
            raise ValueError(f"{filepath} exists already. Pass overwrite=True to replace it.")
        folder, name = os.path.split(filepath)
        beside = os.path.join(folder, f".{os.getpid()}-{name}")
        try:
            super().save(beside, overwrite=True, zipped=zipped, **kwargs)
            os.replace(beside, filepath)
        finally:
            if os.path.exists(beside):
                os.remove(beside)
        return None

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


class _Untracked(dict):
    """A dict whose contents Keras does not take for parts of the model."""


class _MeanScore(keras.metrics.Metric):
    """Each task's first metric, averaged; larger is better, so a falling metric counts negative."""

    def __init__(self, boards):
        super().__init__(name="mean_score")
        self._direction = "up"
        self._boards = _Untracked(boards)

    def update_state(self):
        """Nothing to update: it reads the metrics of the tasks."""

    def reset_state(self):
        """Nothing to reset: the metrics of the tasks are reset by themselves."""

    def result(self):
        total, count = tf.constant(0.0), tf.constant(0.0)
        for board in self._boards.values():
            if board.plain:
                name, metric = board.plain[0]
                value = tf.reduce_mean(tf.cast(metric.result(), tf.float32))
                sign = -1.0 if getattr(metric, "_direction", "up") == "down" else 1.0
                seen = tf.cast(board.mean.count > 0, tf.float32)
                total += tf.math.multiply_no_nan(sign * value, seen)
                count += seen
        return tf.where(count > 0, tf.math.divide_no_nan(total, count), float("nan"))


class _Epochs(keras.callbacks.Callback):
    """Tells the data pipelines and the weighting which epoch it is."""

    def on_epoch_begin(self, epoch, logs=None):
        clock.set_epoch(epoch)

    def on_epoch_end(self, epoch, logs=None):
        model = self.model
        if model.weighting is not None:
            means = tf.stack([b.results()[f"{t}_loss"] for t, b in model._boards.items()])
            present = ~tf.math.is_nan(means)
            model.weighting.on_epoch_end(tf.where(present, means, 0.0), present)


def _inputs_by_name(inputs):
    if isinstance(inputs, dict):
        return dict(inputs)
    flat = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    return {tensor.name: tensor for tensor in flat}


def _named_outputs(inputs, outputs):
    if not isinstance(outputs, dict) or not outputs:
        raise ValueError(
            "Argument `outputs` must be a dict task -> tensor. "
            f"Received: {type(outputs).__name__}"
        )
    named = {}
    for task, tensor in outputs.items():
        if task in inputs:
            raise ValueError(f"Task {task!r} bears the name of an input; rename one of them.")
        if not isinstance(tensor, keras.KerasTensor):
            raise ValueError(f"Task {task!r}: the output must be a KerasTensor. Received: {tensor!r}")
        if tensor._keras_history.operation.name != task:
            tensor = keras.layers.Identity(name=task)(tensor)
        named[task] = tensor
    return named


def _metric_objects(task, asked, loss, num_outputs):
    asked = [] if asked is None else asked if isinstance(asked, (list, tuple)) else [asked]
    return [task_losses.get_metric(task, metric, loss, num_outputs) for metric in asked]


def _monitors(tasks, weighting):
    names = [f"{task}_weight" for task in tasks]
    if weighting.sees != "losses":
        names += [f"conflict/{a}_{b}" for i, a in enumerate(tasks) for b in tasks[i + 1 :]]
    return {name: keras.metrics.Mean(name=name) for name in names}


def _record(monitor, weighting, batch, decision):
    """Takes the weights and cosines of a step in the running means."""
    tasks = weighting.task_names
    if weighting.sees == "losses":
        losses = tf.stop_gradient(batch.losses)
        with tf.GradientTape() as tape:
            tape.watch(losses)
            objective = weighting(losses=losses, present=batch.present)
        weights, gramian = tape.gradient(objective, losses), None
    else:
        weights, gramian = decision.get("weights"), decision.get("gramian")
    seen = tf.cast(batch.present, tf.float32)
    for i, a in enumerate(tasks):
        if weights is not None:
            monitor[f"{a}_weight"].update_state(weights[i], sample_weight=seen[i])
        for j in range(i + 1, len(tasks)) if gramian is not None else ():
            scale = tf.sqrt(gramian[i, i] * gramian[j, j])
            cosine = tf.cast(tf.math.divide_no_nan(gramian[i, j], scale), tf.float32)
            monitor[f"conflict/{a}_{tasks[j]}"].update_state(cosine, sample_weight=seen[i] * seen[j])


def _skip(x, batches):
    if not isinstance(x, tf.data.Dataset):
        raise ValueError(
            "Training can go on inside an epoch only with a tf.data.Dataset, whose order is known. "
            f"Received: x of type {type(x).__name__}"
        )
    return x.skip(batches)
