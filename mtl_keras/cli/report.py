"""The results of one model on test data: the table and the figures."""

from mtl_keras.cli import console


def scores(args, found):
    """Prints a row for each task.

    Args:
        args: the parsed arguments.
        found: dict as `evaluation.scores.final_scores` returns it, with `"sources"` and
            `"examples"` as of a `Data`.
    """
    rows = [
        (
            task,
            found["sources"][task],
            result["metric"],
            _score(result, found["examples"][task]["test"]),
            found["examples"][task]["test"],
            training_examples(found["examples"][task]),
        )
        for task, result in found["tasks"].items()
    ]
    header = ("task", "data set", "metric", "test", "test examples", "training examples")
    console.show(args, found, lambda: console.table(header, rows))


def training_examples(counts):
    """Returns the number of training examples as text, with that of the official set, if known.

    Example:
        >>> training_examples({"train": 900, "official_train": 60000})
        '900 of 60,000'
    """
    if counts["train"] is None:
        return "-"
    official = counts["official_train"]
    of = f" of {official:,}" if official not in (None, counts["train"]) else ""
    return f"{counts['train']:,}{of}"


def _score(result, rows):
    from mtl_keras.evaluation import standard_error

    score, confusion = result["score"], result["confusion"]
    if score is None:
        return "-"
    if "accuracy" not in result["metric"]:
        return f"{score:.4g}"
    labelled = sum(map(sum, confusion)) if confusion else rows
    return console.percent(score, standard_error(score, labelled))


def save_plots(data, found, directory):
    """Draws learning curves, confusion matrices and sample predictions.

    Args:
        data: `Data` of the tasks.
        found: dict as `scores` takes it, with `"history"`.
        directory: folder for the pictures, PNG; made if it is not there.

    Returns:
        dict name -> path of a picture.
    """
    from mtl_keras.evaluation import plots

    tasks = found["tasks"]
    figures = {}
    if found.get("history"):
        curves = {task: _curves(found["history"], task, r["metric"]) for task, r in tasks.items()}
        labels = {task: result["metric"] for task, result in tasks.items()}
        figures["learning_curves"] = plots.learning_curves(curves, labels)
    counted = {task: r for task, r in tasks.items() if r["confusion"] is not None}
    if counted:
        figures["confusion_matrices"] = plots.confusion_matrices(
            {task: r["confusion"] for task, r in counted.items()},
            {task: r["classes"] for task, r in counted.items()},
        )
    for task, result in counted.items():
        figures[f"samples_{task}"] = plots.task_samples(data, task, result)
    return plots.save(figures, directory)


def _curves(history, task, metric):
    lines = {"training": f"{task}_{metric}", "validation": f"val_{task}_{metric}"}
    return {
        name: [[float("nan") if v is None else v for v in history[key]]]
        for name, key in lines.items()
        if key in history
    }
