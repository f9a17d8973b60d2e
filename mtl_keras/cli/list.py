"""`mtl-keras list`: what there is to choose from."""

from mtl_keras.cli import console, options


def add_parser(commands):
    """Adds the command."""
    parser = options.add_command(
        commands, "list", run, "list what there is to choose from: methods, builders, samples",
        epilog="Trunks, text branches, fusions and architectures are listed with parameters and "
        "FLOPs (2 x multiply-adds of one example, forward) where only they are asked for.",
    )  # fmt: skip
    parser.add_argument(
        "kind", nargs="?", choices=tuple(KINDS), help="what to list; everything without it"
    )


def run(args):
    """Prints names with what they are, and of one kind of builder what each costs."""
    console.start()
    if args.kind in COSTED:
        return _with_costs(args)
    kinds = [args.kind] if args.kind else list(KINDS)
    found = {kind: KINDS[kind]() for kind in kinds}
    tables = [
        lambda kind=kind: console.table((kind, "what it is"), found[kind].items()) for kind in kinds
    ]
    return console.show(args, found, *tables)


def _with_costs(args):
    from mtl_keras.evaluation import components

    costs = components.component_costs(args.kind)
    found = {
        name: {"parameters": costs[name].parameters, "flops": costs[name].flops, "what": what}
        for name, what in KINDS[args.kind]().items()
    }

    def table():
        rows = [
            (name, f"{row['parameters']:,}", _rounded(row["flops"]), row["what"])
            for name, row in found.items()
        ]
        console.table((args.kind, "parameters", "FLOPs", "what it is"), rows)
        print(f"Counted with default options on {components.SETTINGS[args.kind]}.")

    console.show(args, {args.kind: found}, table)


def _rounded(count):
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.3g} {letter}"
    return str(count)


def _weightings():
    from mtl_keras import weighting

    return {name: _summary(type(_made(name))) for name in weighting.names()}


def _made(name):
    """A method object; constant weights have no default, so they get some."""
    from mtl_keras import weighting

    return weighting.get({"a": 1.0} if name == "static" else name)


def _trunks():
    from mtl_keras import trunks

    return _builders(trunks)


def _text():
    from mtl_keras import text

    return _builders(text)


def _fusion():
    from mtl_keras import fusion

    return _builders(fusion)


def _architectures():
    from mtl_keras import architectures

    return _builders(architectures)


def _features():
    from mtl_keras import features

    return {name: _summary(getattr(features, name)) for name in features.__all__}


def _heads():
    from mtl_keras import heads

    return _builders(heads)


def _samples():
    from mtl_keras.data import samples

    modules = {name: getattr(samples, name) for name in samples.names()}
    return {f"sample/{name}": _summary(module) for name, module in modules.items()}


def _builders(room):
    """Builders are called like functions and named like them."""
    from mtl_keras.evaluation import builders

    return {name: _summary(builder) for name, builder in builders(room).items()}


def _summary(thing):
    return thing.__doc__.strip().split("\n")[0]


KINDS = {
    "weightings": _weightings,
    "trunks": _trunks,
    "text": _text,
    "fusion": _fusion,
    "architectures": _architectures,
    "features": _features,
    "heads": _heads,
    "samples": _samples,
}
COSTED = ("trunks", "text", "fusion", "architectures")
