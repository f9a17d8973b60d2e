"""`mtl-keras list`: what there is to choose from."""

from mtl_keras.cli import console, options


def add_parser(commands):
    """Adds the command."""
    parser = options.add_command(
        commands, "list", run, "list what there is to choose from: methods, builders, samples"
    )
    parser.add_argument(
        "kind", nargs="?", choices=tuple(KINDS), help="what to list; everything without it"
    )


def run(args):
    """Prints names with what they are."""
    console.start()
    kinds = [args.kind] if args.kind else list(KINDS)
    found = {kind: KINDS[kind]() for kind in kinds}
    tables = [
        lambda kind=kind: console.table((kind, "what it is"), found[kind].items()) for kind in kinds
    ]
    console.show(args, found, *tables)


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
    return {name: _summary(getattr(room, name)) for name in room.__all__ if name.islower()}


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
