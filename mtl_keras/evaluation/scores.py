"""What a trained model does on test data: scores, confusion matrices, sample predictions."""

import keras
import numpy as np

from mtl_keras import losses as task_losses


def final_scores(model, data, samples=12):
    """Evaluates a compiled model on the test data of its tasks.

    Args:
        model: a compiled `MultiTaskModel`.
        data: a `Data` object of the same tasks.
        samples: int, number of sample predictions to keep for each task, half of them mistakes
            where there are enough. Defaults to 12.

    Returns:
        A dict: `"test"`, what `model.evaluate` returns, and `"tasks"`, a dict per task of the name,
        direction and value of its first metric, the class names, the confusion matrix (rows are
        the true classes) and sample predictions (indices into the task's test rows, class numbers);
        the last two `None` where a row has no single class.
    """
    logs = model.evaluate(data.test, return_dict=True, verbose=0)
    inputs = data.test.map(lambda x, *_: {name: x[name] for name in model.inputs_by_name})
    outputs = model.predict(inputs, verbose=0)
    elements = [element[1:] for element in data.test]
    tasks = {}
    for task in model.tasks:
        labels = np.concatenate([np.asarray(element[0][task]) for element in elements])
        weights = None
        if elements[0][1:] and task in elements[0][1]:
            weights = np.concatenate([np.asarray(element[1][task]) for element in elements])
        classes = _classes(task, model.loss_objects[task], labels, outputs[task], weights)
        name, higher = _first_metric(model, task)
        tasks[task] = {
            "metric": name,
            "higher_is_better": higher,
            "score": logs[f"{task}_{name}"],
            "classes": data.class_names.get(task),
            "confusion": classes and _confusion(*classes[1:], outputs[task].shape[-1]),
            "samples": classes and _samples(*classes, samples),
        }
    return {"test": logs, "tasks": tasks}


def _first_metric(model, task):
    """Returns name and direction of the task's first metric; without metrics the loss serves."""
    for name, metric in model._boards[task].plain:
        return name, getattr(metric, "_direction", "up") != "down"
    return "loss", False


def _classes(task, loss, labels, outputs, weights):
    """Returns (rows, true, predicted) of the labelled rows, `None` if a row has no single class."""
    kind = task_losses.kind(loss)
    width = outputs.shape[-1]
    if outputs.ndim != 2 or kind == "other" or (kind == "binary" and width > 1):
        return None
    labels, mask, _ = task_losses.prepare(
        task, loss, labels, keras.ops.convert_to_tensor(outputs), weights
    )
    labels, rows = labels.numpy(), np.flatnonzero(mask)
    if kind == "binary":
        true = labels[:, 0] > 0.5
        guess = outputs[:, 0] > (0 if task_losses.from_logits(loss) else 0.5)
    else:
        true = labels if kind == "sparse" else labels.argmax(axis=-1)
        guess = outputs.argmax(axis=-1)
    return rows, true[rows].astype(int), guess[rows].astype(int)


def _confusion(true, guess, width):
    classes = max(width, 2)
    return np.bincount(true * classes + guess, minlength=classes**2).reshape(classes, classes)


def _samples(rows, true, guess, count):
    """Returns the first mistakes, at most half of the count, and the first other rows."""
    wrong = np.flatnonzero(true != guess)[: count // 2]
    right = np.flatnonzero(true == guess)[: count - len(wrong)]
    chosen = np.sort(np.concatenate([right, wrong]))
    return {"index": rows[chosen], "label": true[chosen], "prediction": guess[chosen]}
