"""`mtl-keras evaluate`: tests a trained model again, on its own or on other data."""

from pathlib import Path

from mtl_keras.cli import console, options, report, values

# What there is to say of the training rows of data that a model was not trained on.
_NO_TRAINING = {
    "seed": 0,
    "validation": 0,
    "epoch_mode": "longest",
    "augment": [],
    "image_size": None,
    "examples": None,
    "vocabulary_size": 10_000,
}


def add_parser(commands):
    """Adds the command."""
    parser = options.add_command(
        commands, "evaluate", run, "test a trained model on test data",
        epilog="Example: mtl-keras evaluate runs/digits; "
        "mtl-keras evaluate model.keras digits=mnist",
    )  # fmt: skip
    parser.add_argument("run_dir", metavar="RUN|FILE.keras", help="a run directory or a model file")
    parser.add_argument(
        "tasks", nargs="*", metavar="TASK=SET", help="other data than the run's own"
    )
    options.add_data_dir(parser)
    parser.add_argument("--batch-size", type=values.whole(1), default=128, metavar="N")
    parser.add_argument("--image-size", type=values.size, metavar="H[xW]")
    parser.add_argument("--out", metavar="DIR", help="also write metrics.json and plots there")


def run(args):
    """Prints the test scores."""
    console.start()
    from mtl_keras.evaluation import results
    from mtl_keras.evaluation.scores import final_scores

    model, data = _model_and_data(args)
    unseen = {"train": None, "validation": None, "official_train": None} if args.tasks else {}
    found = {
        "sources": data.sources,
        "examples": {task: {**counts, **unseen} for task, counts in data.examples.items()},
        **final_scores(model, TestData(model, data)),
    }
    found = results.plain(found)
    report.scores(args, found)
    if args.out:
        results.write(Path(args.out) / "metrics.json", found)
        report.save_plots(data, found, Path(args.out) / "plots")


def _model_and_data(args):
    from mtl_keras.cli.rundir import RunDirectory, load_model

    path = Path(args.run_dir)
    directory = RunDirectory(path.parent if path.suffix == ".keras" else path)
    chosen, data_dir = {"tasks": values.task_sets(args.tasks)}, args.data_dir
    if not args.tasks:
        config = directory.read_config()
        chosen, data_dir = config["options"], args.data_dir or config.get("data_dir")
    model = load_model(path if path.suffix == ".keras" else directory.model)
    chosen = {**_NO_TRAINING, **chosen, "batch_size": args.batch_size}
    chosen["image_size"] = args.image_size or chosen["image_size"]
    data = options.load_data(chosen, data_dir)
    if set(model.tasks) < set(data.tasks):
        data = data.only(*model.tasks)
    _check(model, data)
    return model, data


def _check(model, data):
    from mtl_keras.errors import unknown

    for task in data.tasks:
        if task not in model.tasks:
            raise unknown("task", task, model.tasks)
    for task in model.tasks:
        if task not in data.tasks:
            raise ValueError(f"Task {task!r} of the model has no data: give {task}=SET, too.")
        here, there = model.class_names.get(task), data.class_names[task]
        if here and here != there:
            raise ValueError(
                f"Task {task!r}: the classes of the model are {', '.join(here)}; those of "
                f"{data.sources[task]!r} are {', '.join(there)}."
            )


class TestData:
    """The test rows of some data, prepared by the layers that a model was saved with.

    Data read now may have another vocabulary than the training texts had then.

    Args:
        model: `MultiTaskModel`.
        data: `Data` of the same tasks.

    Attributes:
        test: the test batches.
        class_names: dict task -> list of str.
    """

    __test__ = False  # pytest takes the name for that of a test.

    def __init__(self, model, data):
        from mtl_keras.data import zip_tasks

        self.class_names = data.class_names
        sources = {}
        for task in data.tasks:
            raw, labels = data.raw(task)
            key = "+".join(raw)
            if key not in sources:
                inputs = {name: _prepared(model, name, values) for name, values in raw.items()}
                sources[key] = (inputs, {})
            sources[key][1][task] = labels
        self.test = zip_tasks(sources, data.batch_size, epoch="exact")


def _prepared(model, name, values):
    """The rows of one input: token ids, or pictures of the size that the model takes."""
    from mtl_keras.data import texts
    from mtl_keras.errors import unknown

    if name not in model.inputs_by_name:
        raise unknown("input", name, model.inputs_by_name)
    if values.ndim == 4 and values.shape[1:] == model.inputs_by_name[name].shape[1:]:
        return values  # `zip_tasks` scales pictures just as the layer does.
    return (
        texts.tokenise(model.preprocess[name], values)
        if values.ndim == 1
        else _pictures(model.preprocess[name], values)
    )


def _pictures(layer, values, rows=1024):
    import numpy as np

    parts = [np.asarray(layer(values[i : i + rows])) for i in range(0, len(values), rows)]
    return np.concatenate(parts)
