"""`mtl-keras train`: trains one model on all tasks, in a directory that it goes on from."""

import math
import sys
import time

from mtl_keras.cli import console, options, report, values

# What decides the outcome of a run; the same in a run that goes on.
DECIDING = (
    "only", "weighting", "jacobian", "epochs", "batch_size", "seed", "validation", "epoch_mode",
    "augment", "image_size", "examples", "vocabulary_size", "width", "text_width", "text_dropout",
    "optimizer", "learning_rate", "schedule", "weight_decay", "label_smoothing",
)  # fmt: skip
TIMED_BATCHES = 30


def add_parser(commands):
    """Adds the command."""
    parser = options.add_command(
        commands, "train", run, "train one model on all tasks; the same command again goes on",
        epilog="Example: mtl-keras train digits=mnist objects=cifar10 topics=ag_news_subset "
        "--weighting pcgrad --epochs 10",
    )  # fmt: skip
    options.add_data_options(parser)
    options.add_training_options(parser)
    parser.add_argument(
        "--weighting", type=values.weighting, metavar="NAME",
        help="how the tasks share a step (`mtl-keras list weightings`), or constant weights such "
        "as digits=1,topics=0.5 [none]",
    )  # fmt: skip
    options.add_jacobian(parser)
    parser.add_argument(
        "--label-smoothing", type=values.share, default=0.0, metavar="PART", help="[0]"
    )
    parser.add_argument(
        "--only", metavar="TASK",
        help="train the single-task model of this task, on the rows that the run of all tasks "
        "shows it",
    )  # fmt: skip
    options.add_seed(parser)
    group = parser.add_argument_group("run directory")
    group.add_argument("--out", metavar="DIR", help="the run's directory [runs/TASK-TASK...]")
    group.add_argument(
        "--overwrite", action="store_true", help="remove a run that is there and start anew"
    )
    group.add_argument(
        "--checkpoint-steps", type=values.whole(1), metavar="N",
        help="also write a checkpoint every so many steps [at the end of each epoch]",
    )  # fmt: skip


def run(args):
    """Trains, tests and saves; returns the exit code."""
    console.start()
    from mtl_keras.cli.rundir import RunDirectory
    from mtl_keras.evaluation import results

    tasks = values.task_sets(args.tasks)
    chosen = {"tasks": tasks, **{name: getattr(args, name) for name in DECIDING}}
    directory = RunDirectory(args.out or f"runs/{args.only or '-'.join(tasks)}")
    directory.check(chosen, args.overwrite)
    if directory.metrics.exists() and not args.overwrite:
        console.say(args, f"{directory.path} is finished; --overwrite starts anew.")
        _report(args, results.read(directory.metrics))
        return None
    model, data = build(chosen, options.load_data(chosen, args.data_dir))
    about = {"data_dir": args.data_dir, "versions": results.versions()}
    directory.make(chosen, about, args.overwrite)
    console.say(args, data)
    try:
        with console.working():
            found = _test(model, data, directory, _fit(args, model, data, directory))
        report.save_plots(data, found, directory.plots)
        results.write(directory.metrics, found)  # The last file: it makes the run a finished one.
    except KeyboardInterrupt:
        print(f"\nmtl-keras: interrupted. {_goes_on(directory)}", file=sys.stderr)
        return 130
    _report(args, found)
    console.say(
        args, f"Written to {directory.path}: model.keras, metrics.json, history.csv, plots/"
    )
    return None


def build(chosen, data):
    """Returns the compiled model of a configuration and the data it is to see.

    Args:
        chosen: dict of the deciding options.
        data: `Data` of all tasks.

    Raises:
        ValueError: the weighting or the task of `--only` is not known.
    """
    import keras

    from mtl_keras import presets
    from mtl_keras.evaluation import single_task

    keras.utils.set_random_seed(chosen["seed"])
    model = shared_model(chosen, data)
    if chosen["only"] is not None:
        data = data.only(chosen["only"])
        model = single_task(model, chosen["only"])
    model.compile(
        optimizer(chosen, data),
        loss=presets.smooth(data.losses, chosen["label_smoothing"]),
        metrics=data.metrics,
        weighting=chosen["weighting"],
        jacobian=look(chosen.get("jacobian")),
    )
    return model, data


def look(chosen):
    """Returns the `Jacobian` of what `--jacobian` says, `None` without it."""
    from mtl_keras import Jacobian

    return chosen and Jacobian(**chosen)


def shared_model(chosen, data):
    """Returns the uncompiled model that the options describe."""
    from mtl_keras import presets

    return presets.shared_model(
        data,
        width=chosen["width"],
        text_width=chosen["text_width"],
        text_dropout=chosen["text_dropout"],
    )


def optimizer(chosen, data):
    """Returns a fresh optimizer as the options describe it, for the length of the run."""
    from mtl_keras import presets

    return presets.optimizer(
        chosen["optimizer"],
        steps=chosen["epochs"] * int(data.train.cardinality()),
        learning_rate=chosen["learning_rate"],
        schedule=chosen["schedule"],
        weight_decay=chosen["weight_decay"],
    )


def _fit(args, model, data, directory):
    """Trains the model, from a checkpoint if there is one; returns the history of all epochs."""
    import keras

    from mtl_keras import callbacks
    from mtl_keras.cli.rundir import Recorder

    used = [Recorder(directory)]
    if data.validation is not None:
        # The best epoch so far is what is left whenever a run ends.
        used.append(
            keras.callbacks.ModelCheckpoint(
                str(directory.model), monitor="val_mean_score", mode="max", save_best_only=True
            )
        )
    if not args.quiet:
        used.append(callbacks.CompactProgress())
    checkpoint = callbacks.Checkpoint(directory.checkpoint, every_steps=args.checkpoint_steps)
    if checkpoint.exists():
        console.say(args, f"Going on from {checkpoint.path}")
    model.fit(
        data.train,
        validation_data=data.validation,
        epochs=args.epochs,
        callbacks=[*used, checkpoint],
        verbose=0,
    )
    if data.validation is None or not directory.model.exists():
        model.save(directory.model)
    return model.history.history


def _test(model, data, directory, history):
    """Tests the model of the best epoch; returns what came out."""
    from mtl_keras.cli.rundir import load_model
    from mtl_keras.evaluation import cost, results
    from mtl_keras.evaluation.scores import final_scores

    scores = [-math.inf if math.isnan(x) else x for x in history.get("val_mean_score", [])]
    found = {
        "sources": data.sources,
        "examples": data.examples,
        **final_scores(load_model(directory.model), data),
        "best_epoch": 1 + scores.index(max(scores)) if scores else len(history["loss"]),
        "history": history,
        "seconds": sum(history["seconds"]),
        "cpu_seconds": sum(history["cpu_seconds"]),
        "data_share": _data_share(data, history),
        **cost(model)._asdict(),
        "machine": results.machine(),
    }
    return results.plain(found)


def _data_share(data, history):
    """Seconds that the input pipeline alone takes for a step, by the seconds of a step."""
    steps = int(data.train.cardinality())
    batches = iter(data.train)
    next(batches)  # Starting the pipeline is no part of a step.
    timed = min(TIMED_BATCHES, steps - 1)
    start = time.perf_counter()
    for _ in range(timed):
        next(batches)
    alone = (time.perf_counter() - start) / max(timed, 1)
    return alone * steps / min(history["seconds"])


def _report(args, found):
    """Prints what came out, and what it cost."""
    report.scores(args, found)
    console.say(
        args,
        f"Best epoch {found['best_epoch']} of {len(found['history']['loss'])}. Training took "
        f"{found['seconds']:,.0f} s, {found['cpu_seconds']:,.0f} s of CPU time; the input "
        f"pipeline at most {100 * found['data_share']:.1f} % of it.",
    )


def _goes_on(directory):
    from mtl_keras.callbacks import Checkpoint

    checkpoint = Checkpoint(directory.checkpoint)
    if not checkpoint.exists():
        return "There is no checkpoint yet; the same command starts anew."
    return f"The last checkpoint is {checkpoint.path}; the same command goes on from there."
