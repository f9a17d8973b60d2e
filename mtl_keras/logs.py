"""What a model logs while it is trained and tested."""

import keras
import tensorflow as tf

from mtl_keras import metrics


class TaskBoard:
    """The running means of one task: its loss over labelled rows, and its metrics.

    Args:
        task: str.
        loss: loss object.
        plain: list of (name, metric object): counted with labels only.
        weighted: list of the same, with sample and class weights too. Where both have one name,
            these are logged as `weighted_NAME`, as in Keras.
    """

    def __init__(self, task, loss, plain=(), weighted=()):
        self.task = task
        self.loss = loss
        self.mean = keras.metrics.Mean(name=f"{task}_loss")
        self.plain = list(plain)
        taken = dict(plain)
        self.weighted = [
            (f"weighted_{name}" if name in taken else name, metric) for name, metric in weighted
        ]

    @property
    def all(self):
        """All Keras metric objects."""
        return [self.mean, *(metric for _, metric in self.plain + self.weighted)]

    @property
    def seen(self):
        """Whether the task had a label, a bool tensor."""
        return self.mean.count > 0

    @property
    def directions(self):
        """Dict name in the logs -> `"min"` or `"max"`, which is better, where that is known."""
        words = {"up": "max", "down": "min"}
        found = {
            f"{self.task}_{name}": words.get(getattr(metric, "_direction", None))
            for name, metric in self.plain + self.weighted
        }
        return {f"{self.task}_loss": "min", **{k: v for k, v in found.items() if v}}

    @property
    def score(self):
        """(First metric, larger is better; whether it counts), or None without a direction."""
        metric = self.plain[0][1] if self.plain else None
        sign = {"up": 1.0, "down": -1.0}.get(getattr(metric, "_direction", None))
        return sign and (sign * tf.reduce_mean(tf.cast(metric.result(), tf.float32)), self.seen)

    def update(self, value, weight, labels, mask, weights, y_pred):
        """Takes in one batch: its mean loss, the weight of it, and what `prepare` returned."""
        self.mean.update_state(value, sample_weight=weight)
        y_pred = tf.cast(y_pred, tf.float32)
        for _, metric in self.plain:
            metrics.update_metric(metric, labels, mask, None, y_pred)
        for _, metric in self.weighted:
            metrics.update_metric(metric, labels, mask, weights, y_pred)

    def results(self):
        """Returns the logs of the task: NaN, never 0, where it had no label."""
        logs = {f"{self.task}_loss": self.mean.result()}
        for name, metric in self.plain + self.weighted:
            result = metric.result()
            if isinstance(result, dict):
                logs |= {f"{self.task}_{key}": value for key, value in result.items()}
            else:
                logs[f"{self.task}_{name}"] = result
        return {
            key: tf.where(self.seen, value, tf.cast(float("nan"), value.dtype))
            for key, value in logs.items()
        }


def task_boards(objects, outputs, plain, weighted):
    """Returns dict task -> `TaskBoard`.

    Args:
        objects: dict task -> loss object.
        outputs: dict task -> output tensor.
        plain, weighted: dict task -> metric or list of them, as `compile` takes them.

    Raises:
        ValueError: a metric is not known, one object is given twice, or its task has no loss.
    """
    boards, seen = {}, set()
    for task in [*plain, *weighted]:
        if task not in objects:
            raise ValueError(f"Task {task!r} has no loss, so it can have no metrics.")
    for task, loss in objects.items():
        found = [
            [metrics.get_metric(task, m, loss, outputs[task].shape[-1]) for m in _as_list(asked)]
            for asked in (plain.get(task), weighted.get(task))
        ]
        for _, metric in found[0] + found[1]:
            if id(metric) in seen:
                raise ValueError(
                    f"Task {task!r}: the metric {metric.name!r} is given twice. A metric object "
                    "counts for one task; give each its own, or a name for all."
                )
            seen.add(id(metric))
        boards[task] = TaskBoard(task, loss, *found)
    return boards


def _as_list(asked):
    if asked is None:
        return []
    return list(asked) if isinstance(asked, (list, tuple)) else [asked]


class Logs:
    """The running means of all tasks, and what they come to together.

    Args:
        boards: dict task -> `TaskBoard`.
        loss_weights: dict task -> float, the factor of the task in `loss`.
        weighting: the `Weighting` whose decisions are logged too, or `None`.
    """

    def __init__(self, boards, loss_weights, weighting=None):
        self.boards = boards
        self.loss_weights = loss_weights
        self.extra = keras.metrics.Mean(name="regularization")
        self.decisions = {
            name: keras.metrics.Mean(name=name) for name in _decision_names(list(boards), weighting)
        }
        self._check_names()

    @property
    def all(self):
        """All Keras metric objects."""
        found = [metric for board in self.boards.values() for metric in board.all]
        return [*found, self.extra, *self.decisions.values()]

    @property
    def directions(self):
        """Dict name in the logs -> `"min"` or `"max"`, which is better, where that is known."""
        found = {"loss": "min", "mean_score": "max"}
        for board in self.boards.values():
            found |= board.directions
        return found

    def _check_names(self):
        names = ["loss", "mean_score", *self.decisions]
        for board in self.boards.values():
            names += [f"{board.task}_loss"]
            names += [f"{board.task}_{name}" for name, _ in board.plain + board.weighted]
        for name in names:
            validation = name.startswith("val_") and name.removeprefix("val_") in names
            if names.count(name) > 1 or validation:
                raise ValueError(
                    f"Two values would be logged as {name!r}. Rename a task or a metric."
                )

    def record(self, decision, present):
        """Takes in the weights of the tasks and the cosines of their gradients of a step.

        Args:
            decision: dict that may hold `weights` (T,), `gramian` (T, T) and `decided`, whether the
                Gramian is of this step.
            present: bool tensor (T,).
        """
        tasks, seen = list(self.boards), tf.cast(present, tf.float32)
        gramian = decision.get("gramian")
        decided = tf.cast(decision.get("decided", True), tf.float32)
        for i, a in enumerate(tasks):
            if f"{a}_weight" in self.decisions:
                self.decisions[f"{a}_weight"].update_state(decision["weights"][i], seen[i])
            for j in range(i + 1, len(tasks)) if gramian is not None else ():
                scale = tf.sqrt(gramian[i, i] * gramian[j, j])
                cosine = tf.cast(tf.math.divide_no_nan(gramian[i, j], scale), tf.float32)
                self.decisions[f"conflict/{a}_{tasks[j]}"].update_state(
                    cosine, seen[i] * seen[j] * decided
                )

    def results(self):
        """Returns the logs: `loss`, `NAME_loss`, `NAME_METRIC` and `mean_score`."""
        logs = {}
        for board in self.boards.values():
            logs |= board.results()
        means = [
            tf.where(board.seen, logs[f"{task}_loss"], 0.0) * self.loss_weights.get(task, 1.0)
            for task, board in self.boards.items()
        ]
        seen = tf.reduce_any([board.seen for board in self.boards.values()])
        total = tf.where(seen, tf.add_n(means) + self.extra.result(), float("nan"))
        logs = {"loss": total, **logs}
        scores = [board.score for board in self.boards.values() if board.score is not None]
        if scores:
            logs["mean_score"] = _mean_of_seen(*map(tf.stack, zip(*scores)))
        return logs

    def decided(self):
        """Returns the logs `NAME_weight` and `conflict/A_B`: NaN where a task had no label."""
        return {
            name: tf.where(mean.count > 0, mean.result(), float("nan"))
            for name, mean in self.decisions.items()
        }


def _mean_of_seen(values, seen):
    return tf.reduce_sum(tf.where(seen, values, 0.0)) / tf.reduce_sum(tf.cast(seen, tf.float32))


def _decision_names(tasks, weighting):
    """The names of what a weighting decides: `NAME_weight` and `conflict/A_B`."""
    if weighting is None:
        return []
    names = [f"{task}_weight" for task in tasks] if weighting.sees != "jacobian" else []
    if weighting.sees != "losses":
        names += [f"conflict/{a}_{b}" for i, a in enumerate(tasks) for b in tasks[i + 1 :]]
    return names
