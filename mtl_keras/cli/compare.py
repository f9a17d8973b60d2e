"""`mtl-keras compare`: one model for all tasks against one for each, with intervals."""

from pathlib import Path

from mtl_keras.cli import console, options, train, values


def add_parser(commands):
    """Adds the command."""
    parser = options.add_command(
        commands, "compare", run, "compare joint training with a model for each task",
        epilog="Example: mtl-keras compare digits=mnist objects=cifar10 --weighting none pcgrad "
        "--seeds 0,1,2. Finished runs are kept in --out and not done again.",
    )  # fmt: skip
    options.add_data_options(parser)
    options.add_training_options(parser)
    parser.add_argument(
        "--weighting", nargs="+", type=values.weighting, default=[None], metavar="NAME",
        help="weightings of the joint runs, compared with the same single-task runs [none]",
    )  # fmt: skip
    options.add_jacobian(parser)
    parser.add_argument(
        "--tune-static", type=int, default=0, metavar="N",
        help="also a row of constant weights: the best of N by validation, tried on the first seed",
    )  # fmt: skip
    parser.add_argument(
        "--seeds", type=values.seeds, default=[0], metavar="N,N...",
        help="of weights, order, augmentation and validation rows [0]",
    )  # fmt: skip
    parser.add_argument("--out", default="runs/compare", metavar="DIR", help="[runs/compare]")


def run(args):
    """Trains what is not there yet, prints the comparison and draws its plots."""
    console.start()
    from mtl_keras import evaluation, weighting

    chosen = {**vars(args), "tasks": values.task_sets(args.tasks)}
    jacobian = train.look(args.jacobian)
    for method in args.weighting:
        weighting.get(method)
    plan = _PerSeed(chosen, args.data_dir)
    out = Path(args.out)
    common = {
        "epochs": args.epochs,
        "optimizer": plan.optimizer,
        "directory": out / "runs",
        "callbacks": _progress(args),
        "verbose": 0 if args.quiet else 1,
    }
    methods = {_name(method): method for method in args.weighting}
    if args.tune_static:
        tries = {"candidates": args.tune_static, "seed": args.seeds[0]}
        tuned = evaluation.tune_static(plan.model, plan.data, **tries, **common)
        methods[f"tuned_{_name(tuned)}"] = tuned
    comparisons = {}
    for name, method in methods.items():
        console.say(args, f"Weighting {name}")
        comparisons[name] = evaluation.compare(
            plan.model,
            plan.data,
            seeds=args.seeds,
            weighting=method,
            jacobian=jacobian if _looks(method) else None,
            **common,
        )
    for name, comparison in comparisons.items():
        folder = out if len(comparisons) == 1 else out / name
        comparison.to_json(folder / "comparison.json")
        comparison.plot(folder / "plots")
    tables = {name: comparison.table() for name, comparison in comparisons.items()}
    if len(comparisons) == 1:
        shown = next(iter(comparisons.values())).print
    else:
        shown = lambda: _print_methods(tables)  # noqa: E731
    console.show(args, tables, shown)
    console.say(args, f"Written to {out}: comparison.json, plots/, runs/")


class _PerSeed:
    """The data of a seed, and models and optimizers for them."""

    def __init__(self, chosen, data_dir):
        self._chosen, self._data_dir, self._data = chosen, data_dir, None

    def data(self, seed):
        """Returns the `Data` of a seed; what is made next is made for them."""
        if self._data is None or self._data.seed != seed:
            self._data = options.load_data({**self._chosen, "seed": seed}, self._data_dir)
        return self._data

    def model(self):
        return train.shared_model(self._chosen, self._data)

    def optimizer(self):
        return train.optimizer(self._chosen, self._data)


def _progress(args):
    from mtl_keras.callbacks import CompactProgress

    return None if args.quiet else lambda name: [CompactProgress()]


def _looks(method):
    """Whether a weighting looks at gradients."""
    from mtl_keras import weighting

    return getattr(weighting.get(method), "sees", "losses") != "losses"


def _name(method):
    if isinstance(method, dict):
        return ",".join(f"{task}={weight:g}" for task, weight in method.items())
    return method or "none"


def _print_methods(tables):
    """Prints a row for each weighting, with a column for each task and delta-m."""
    first = next(iter(tables.values()))
    rows = [
        (
            "single-task",
            *(_score(row, "single") for row in first["tasks"].values()),
            "",
            *_costs(first, "single"),
        ),
        *(
            (
                name,
                *(_score(row, "multi") for row in table["tasks"].values()),
                f"{table['delta_m'].mean:+.2f} %",
                *_costs(table, "multi"),
            )
            for name, table in tables.items()
        ),
    ]
    head = ("weighting", *first["tasks"], "delta-m", "seconds", "s/step", "peak MB")
    console.table(head, rows)
    print("delta-m: mean relative change over tasks, positive where multi-task is better.")
    print("single-task: seconds of all together, the largest peak.")


def _costs(table, side):
    """Seconds of training, of a step, and peak memory; empty where a run does not say."""
    costs = [table["cost"][name][side] for name in ("seconds", "step_seconds", "peak_mb")]
    return ["" if c != c else f"{c:{form}}" for c, form in zip(costs, (",.0f", ".3g", ",.0f"))]


def _score(row, side):
    mean, _, high = row[side]
    spread = high - mean if high == high else row.get(f"{side}_standard_error")
    return console.percent(mean, spread) if row["percent"] else f"{mean:.4g}"
