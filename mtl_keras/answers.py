"""What a task answers a client: probabilities and names, or values."""

import dataclasses

import tensorflow as tf

from mtl_keras import losses


@dataclasses.dataclass(frozen=True)
class Answer:
    """Turns the output of one task into what a client reads.

    Attributes:
        kind: `"single"` label of several classes, `"binary"`, `"multi_label"` or `"value"`.
        class_names: list of str; empty for values.
        from_logits: bool, whether probabilities are still to be made of the output.
    """

    kind: str
    class_names: list
    from_logits: bool

    @classmethod
    def of(cls, task, output, loss=None, class_names=None, compiled=False):
        """Returns the answer that fits a task's output and loss.

        Binary losses make binary tasks, or tasks of several labels where there is more than one
        output; crossentropies over classes make tasks of a single label, also of one label for
        every place of a map; any other loss makes values. A binary loss of a map, without class
        names, makes a picture: values in [0, 1]. Where the loss does not tell what the output is,
        because there is none or it is the user's own and the classes have names, the output is
        taken for logits, as heads of this library give them.

        Args:
            task: str, for the error message.
            output: `KerasTensor` of the task.
            loss: loss object or `None`.
            class_names: list of str or `None`: then "0", "1", ...
            compiled: bool, whether the model is compiled: an output without a loss and without
                class names is then a value, such as features. Defaults to `False`.

        Raises:
            ValueError: the class names do not fit the number of outputs.

        Example:
            >>> import keras
            >>> answer = Answer.of("match", keras.KerasTensor((None, 1)))
            >>> answer.kind, answer.class_names
            ('binary', ['0', '1'])
        """
        size = output.shape[-1]
        if len(output.shape) > 2 and not class_names and losses.kind(loss) == "binary":
            return cls("value", [], losses.from_logits(loss))
        kind = _kind(size, loss, class_names, compiled)
        if kind == "value":
            return cls(kind, [], from_logits=False)
        classes = 2 if kind == "binary" else size
        names = list(class_names or map(str, range(classes)))
        if len(names) != classes:
            raise ValueError(
                f"Task {task!r}: `class_names` must name {classes} classes. "
                f"Received {len(names)}: {', '.join(names[:5])}{', ...' if names[5:] else ''}"
            )
        unknown = loss is None or losses.kind(loss) == "other"
        return cls(kind, names, from_logits=unknown or losses.from_logits(loss))

    def __call__(self, output):
        """Returns dict key -> tensor.

        Args:
            output: tensor `(batch, outputs)` of the model, or a map
                `(batch, height, width, outputs)`.

        Returns:
            `"value"`, float32, as the model gives it, a picture in [0, 1]; else `"probabilities"`,
            float32 `(batch, classes)`, with `"label"`, string `(batch,)`, or for several labels
            `"labels"`, the names of all, and `"mask"`, which of them apply, `(batch, classes)`. Of
            a map each place has them: `"probabilities"` `(batch, height, width, classes)`,
            `"label"` `(batch, height, width)`.
        """
        output = tf.cast(output, tf.float32)
        if self.kind == "value":
            return {"value": tf.sigmoid(output) if self.from_logits else output}
        names = tf.constant(self.class_names)
        if self.kind == "single":
            probabilities = tf.nn.softmax(output) if self.from_logits else output
        else:
            probabilities = tf.sigmoid(output) if self.from_logits else output
        if self.kind == "multi_label":
            labels = tf.broadcast_to(names, tf.shape(probabilities))
            return {
                "probabilities": probabilities,
                "labels": tf.ensure_shape(labels, probabilities.shape),
                "mask": probabilities > 0.5,
            }
        if self.kind == "binary":
            probabilities = tf.concat([1 - probabilities, probabilities], axis=-1)
        label = tf.gather(names, tf.argmax(probabilities, axis=-1))
        return {"probabilities": probabilities, "label": label}


def _kind(size, loss, class_names, compiled):
    if loss is None or losses.kind(loss) == "other":
        if compiled and not class_names:
            return "value"
        return "binary" if size == 1 else "single"
    if losses.kind(loss) == "binary":
        several = size > 1 or len(class_names or "01") == 1
        return "multi_label" if several else "binary"
    return "single"
