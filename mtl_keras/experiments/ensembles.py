"""Answers of several networks, kept and joined."""

import time

import keras
import numpy as np

import mtl_keras as mtl
from mtl_keras.evaluation import results as files

HOW = ("average", "weighted", "product", "vote", "stacking")
SPLITS = ("validation", "test")


def keep(path, model, batches):
    """Writes a model's logits of a task on validation and test rows, with the labels.

    Args:
        path: `Path` of the file, `.npz`.
        model: a trained `MultiTaskModel`.
        batches: dict split -> batches of the one task, for `"validation"` and `"test"`.
    """
    arrays = {}
    for split in SPLITS:
        (task,) = batches[split].element_spec[1]
        (name,), view = model.task_inputs[task], model.task(task)
        rows = list(batches[split])
        logits = np.concatenate([view.predict_on_batch(x[name]) for x, _ in rows])
        arrays[f"{split}_logits"] = logits
        arrays[f"{split}_labels"] = np.concatenate([y[task] for _, y in rows])
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **arrays)


def join(how, paths, data):
    """Joins the answers that were kept; weights and stacking are fitted on validation rows.

    Args:
        how: str, of `HOW`.
        paths: list of `Path`, one for each network.
        data: the data of the one task.

    Returns:
        dict as of a training, without what only a training has.

    Raises:
        ValueError: the answers of a network are not there.
    """
    missing = [path.name for path in paths if not path.exists()]
    if missing:
        raise ValueError(
            "The networks' answers are not there: delete their results to train them again. "
            f"Missing: {', '.join(missing)}"
        )
    start, cpu = time.perf_counter(), time.process_time()
    kept = [np.load(path) for path in paths]
    logits = {split: [each[f"{split}_logits"] for each in kept] for split in SPLITS}
    labels = {split: kept[0][f"{split}_labels"] for split in SPLITS}
    layer = _layer(how, logits["validation"], labels["validation"])
    guess = keras.ops.convert_to_numpy(layer(logits["test"])).argmax(axis=-1)
    (task,) = data.tasks
    names = data.class_names[task]
    there = labels["test"] >= 0
    true, guess = labels["test"][there], guess[there]
    confusion = np.bincount(true * len(names) + guess, minlength=len(names) ** 2)
    result = {
        "metric": "accuracy",
        "higher_is_better": True,
        "score": float(np.mean(true == guess)),
        "classes": names,
        "confusion": confusion.reshape(len(names), len(names)),
    }
    seconds = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu}
    examples = {**data.examples[task], **{split: len(rows) for split, rows in labels.items()}}
    return files.plain({**seconds, "examples": {task: examples}, "tasks": {task: result}})


def _layer(how, logits, labels):
    if how == "stacking":
        layer = mtl.fusion.StackingEnsemble()
        layer.fit(logits, labels)
        return layer
    if how == "weighted":
        there = labels >= 0
        right = [np.mean(each.argmax(axis=-1)[there] == labels[there]) for each in logits]
        return mtl.fusion.AverageEnsemble([float(share) + 1e-6 for share in right])
    return {
        "average": mtl.fusion.AverageEnsemble,
        "product": mtl.fusion.ProductEnsemble,
        "vote": mtl.fusion.VoteEnsemble,
    }[how]()
