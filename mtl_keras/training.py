"""Steps of training and testing, as Keras calls them."""

import contextlib
import functools

import keras
import tensorflow as tf

from mtl_keras import checks, losses, step
from mtl_keras.saving import SavedWhole
from mtl_keras.task_gradients import Pass


class TrainedByTask(SavedWhole):
    """A model whose steps see a loss for each task, missing labels, and a weighting."""

    _logs = None
    _task_gradients = None
    _compiles_part = False
    _testing = False

    @property
    def _boards(self):
        """Dict task -> `TaskBoard`, of the tasks with a loss."""
        return {} if self._logs is None else self._logs.boards

    @contextlib.contextmanager
    def _xla_inside(self):
        """Has Keras make a function that XLA does not compile, for steps that compile a part.

        XLA drops assertions, so labels are checked outside. It also joins multiplications and
        additions as it fuses them, so a step that masks labels differs from Keras' own in the last
        bit even where no label is missing: there `weighting=None` has a step without masks.
        """
        whole = self.jit_compile
        single = self.distribute_strategy.num_replicas_in_sync == 1
        self._compiles_part = bool(whole and single and not self.run_eagerly)
        if self._compiles_part:
            self.jit_compile = False
        yield
        self.jit_compile = whole

    @functools.wraps(keras.Model.evaluate)
    def evaluate(self, *args, **kwargs):
        self._testing = True
        try:
            return super().evaluate(*args, **kwargs)
        finally:
            self._testing = False

    def make_train_function(self, force=False):
        if force or self.train_function is None:
            with self._xla_inside():
                super().make_train_function(force)
            self.train_function = _with_label_errors(self.train_function)

    def make_test_function(self, force=False):
        if force or self.test_function is None:
            with self._xla_inside():
                super().make_test_function(force)
            self.test_function = _with_label_errors(self.test_function)

    def train_step(self, data):
        batch = self._unpack(data)
        facts = (self._boards, *batch[1:], self.outputs_by_task)
        checked, complete = step.check_labels(*facts) if self._compiles_part else ([], None)
        due = self._task_gradients and self._task_gradients.due(self.optimizer)

        def one(**options):
            function = functools.partial(self._step, *batch, **options)
            return _compiled(function) if self._compiles_part else function

        with tf.control_dependencies(checked):
            if due is not None:
                # Two programs: within one, XLA does not compile convolutions of a branch well.
                return tf.cond(due, one(), one(looks=False))
            if complete is None or self.weighting or self._class_weight or self._keeper.always:
                return one()()
            return tf.cond(complete, one(plain=True), one())

    def test_step(self, data):
        batch = self._unpack(data)
        if not self._compiles_part:
            return self._test(*batch)
        checked, _ = step.check_labels(self._boards, *batch[1:], self.outputs_by_task)
        with tf.control_dependencies(checked):
            return _compiled(lambda: self._test(*batch))()

    def _step(self, x, y, sample_weight, plain=False, looks=True):
        old = {} if plain else self._keeper.before()
        by_task = self._task_gradients is not None
        variables = self.trainable_variables
        with tf.GradientTape(persistent=by_task) as tape:
            y_pred, features = self._forward(x)
            batch = self._batch_losses(y, y_pred, sample_weight, plain=plain)
            extra = self._extra_loss()
        if by_task:
            again = looks and functools.partial(self._look_again, x, y, sample_weight)
            gradients, decision = self._task_gradients.gradients(
                Pass(tape, batch, features), extra, self.optimizer, variables, again
            )
        else:
            gradients, decision = step.loss_gradients(
                tape, self.weighting, batch, extra, self.optimizer, variables
            )
        found = [(g, v) for g, v in zip(gradients, variables) if g is not None]
        self.optimizer.apply_gradients(found)
        if not plain:
            self._keeper.after(old, batch.present, step.replicas())
        if hasattr(self.weighting, "after_step"):
            losses = self._look_again(x, y, sample_weight).batch.losses
            facts = {"losses": tf.stop_gradient(losses), "present": batch.present}
            self.weighting._ask(self.weighting.after_step, **facts)
        if self._logs.decisions:
            self._logs.record(decision, batch.present)
        return self.get_metrics_result()

    def _forward(self, x):
        """The outputs in training mode, and the features where a method looks at them."""
        if self._task_gradients is not None:
            return self._task_gradients.forward(x)
        return self(x, training=True), None

    def _batch_losses(self, y, y_pred, sample_weight, **options):
        """The losses of a batch in training."""
        halves = getattr(self.weighting, "sees", None) == "cross_gramian"
        facts = (self._class_weight, self._logs.loss_weights)
        return step.batch_losses(
            self._boards, y, y_pred, sample_weight, *facts, by_half=halves, **options
        )

    def _look_again(self, x, y, sample_weight, fraction=1.0):
        """Another forward pass of the first rows of a batch, which leaves no trace in the model."""
        if fraction < 1:
            x, y, sample_weight = step.first_rows((x, y, sample_weight), fraction)
        statistics = [v for v, _ in self.reach.statistics]
        old = [tf.identity(v.value) for v in statistics]
        with tf.GradientTape(persistent=True) as tape:
            y_pred, features = self._forward(x)
            batch = self._batch_losses(y, y_pred, sample_weight, log=False)
        for variable, value in zip(statistics, old):
            variable.assign(value)
        return Pass(tape, batch, features)

    def _test(self, x, y, sample_weight):
        y_pred = self(x, training=False)
        step.batch_losses(self._boards, y, y_pred, sample_weight)
        self._extra_loss()
        return self._logs.results()

    def _unpack(self, data):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        checks.batch_names(self.inputs_by_name, self.tasks, x, y, sample_weight)
        if isinstance(x, dict):
            x = {name: x[name] for name in self.inputs_by_name}
            if not isinstance(self.input, dict):
                x = list(x.values()) if isinstance(self.input, (list, tuple)) else x.popitem()[1]
        if not isinstance(y, dict):
            y = {self.tasks[0]: y}
        if not isinstance(sample_weight, dict):
            every = {} if sample_weight is None else dict.fromkeys(self._boards, sample_weight)
            sample_weight = every
        return x, y, sample_weight

    def _extra_loss(self):
        """Regularisation and `add_loss`, or None."""
        found = [tf.reduce_sum(tf.cast(loss, tf.float32)) for loss in self.losses]
        if not found:
            return None
        extra = tf.add_n(found)
        self._logs.extra.update_state(extra)
        return extra / step.replicas() if step.replicas() > 1 else extra

    @property
    def metrics(self):
        """The running means of all tasks."""
        return [] if self._logs is None else self._logs.all

    def get_metrics_result(self):
        """Returns the logs: `loss`, `NAME_loss`, `NAME_METRIC` and `mean_score`.

        In training also what the weighting decided, of which there is nothing in a test.
        """
        logs = self._logs.results()
        if self._testing:
            return logs
        logs |= self._logs.decided()
        if hasattr(self.weighting, "failures"):
            logs["weighting_failures"] = tf.cast(self.weighting.failures.value, tf.float32)
        return logs


def _compiled(function):
    return tf.function(function, jit_compile=True, autograph=False)


def _with_label_errors(function):
    """Has a wrong label reported in one line, without the graph that found it."""

    @functools.wraps(function)
    def run(data):
        try:
            return function(data)
        except tf.errors.InvalidArgumentError as error:
            raise losses.label_error(error) or error from None

    return run
