"""`mtl-keras export`: writes the SavedModel of a run."""

from mtl_keras.cli import console, options


def add_parser(commands):
    """Adds the command."""
    parser = options.add_command(
        commands, "export", run, "write the SavedModel of a run, with raw inputs", json=False
    )
    parser.add_argument("run_dir", metavar="RUN", help="directory that `mtl-keras train` wrote")
    parser.add_argument("--out", required=True, metavar="DIR", help="where to write it")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a SavedModel that is there"
    )


def run(args):
    """Exports the best model of a run with its data and metrics on the card."""
    console.start()
    from mtl_keras.cli.rundir import RunDirectory, load_model
    from mtl_keras.evaluation import results

    directory = RunDirectory(args.run_dir)
    directory.read_config()
    if not directory.metrics.exists():
        raise ValueError(f"The run {args.run_dir!r} is not finished: it has no metrics.json.")
    found = results.read(directory.metrics)
    model = load_model(directory.model)
    model.export(args.out, overwrite=args.overwrite, card=card(found))
    print(args.out)
    console.say(args, f"Ask it: mtl-keras predict {args.out} --task {model.tasks[0]} ...")


def card(found):
    """Returns what the model card of an export says of a run's data and test results.

    Args:
        found: dict, what `metrics.json` holds.
    """
    data = {
        task: {"set": found["sources"][task], **found["examples"][task]} for task in found["tasks"]
    }
    metrics = {f"{t}_{r['metric']}": r["score"] for t, r in found["tasks"].items()}
    return {"data": data, "metrics": metrics}
