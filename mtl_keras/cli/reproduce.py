"""`mtl-keras reproduce`: the experiments of the five articles, with a verdict on their claims."""

from pathlib import Path

from mtl_keras.cli import console, options, values
from mtl_keras.experiments import ARTICLES, SCALES


def add_parser(commands):
    """Adds the command."""
    parser = options.add_command(
        commands, "reproduce", run, "run the articles' experiments and judge their claims",
        epilog="Finished runs are kept in --out and not done again; an interrupted command goes on "
        "where it stopped. Example: mtl-keras reproduce image_text --scale laptop --seeds 0,1,2",
    )  # fmt: skip
    parser.add_argument("name", choices=(*ARTICLES, "all"), help="which experiment")
    parser.add_argument(
        "--scale", choices=SCALES, default="smoke",
        help="seconds on bundled data, minutes, or the protocol as written [smoke]",
    )  # fmt: skip
    parser.add_argument(
        "--seeds", type=values.seeds, default=[0], metavar="N,N...",
        help="of weights, order and validation rows; intervals need two [0]",
    )  # fmt: skip
    parser.add_argument(
        "--only", nargs="+", metavar="VARIANT", help="run these variants of the experiment only"
    )
    options.add_data_dir(parser)
    parser.add_argument("--out", default="runs/reproduce", metavar="DIR", help="[runs/reproduce]")


def run(args):
    """Runs what is not there yet, writes the reports and prints the verdicts."""
    console.start()
    from mtl_keras import experiments
    from mtl_keras.experiments import plan

    names = ARTICLES if args.name == "all" else [args.name]
    modules = [experiments.get(name) for name in names]
    variants = {name: v for module in modules for name, v in module.variants(args.scale).items()}
    plan.chosen(variants, args.only)  # before anything is run
    found = {}
    for name, module in zip(names, modules):
        only = [v for v in args.only or () if v in module.variants(args.scale)]
        if only or not args.only:
            found[name] = _reproduce(args, name, module, only or None)
    console.show(
        args, found, *(_table(name, verdicts) for name, verdicts in found.items() if verdicts)
    )


def _reproduce(args, name, module, only):
    """Runs one experiment, writes its report and returns its verdicts."""
    from mtl_keras.experiments import render, report, runner

    folder = Path(args.out) / name
    with console.working():
        results = runner.run(
            module, args.scale, args.seeds, args.out, args.data_dir, only,
            say=lambda line: console.say(args, line),
        )  # fmt: skip
        blocks = report.blocks(module, results, args.scale, folder)
        _, page = render.write(blocks, folder, f"report-{args.scale}")
    console.say(args, f"Report: {page}, and as Markdown beside it.")
    return [verdict._asdict() for verdict in module.verdicts(results)]


def _table(name, verdicts):
    rows = [(v["claim"], v["aspect"], v["answer"], v["numbers"]) for v in verdicts]
    return lambda: console.table(("claim", "aspect", "verdict", "numbers"), rows, title=name)
