"""The report of an experiment: what its results come to, as blocks that Markdown and HTML show."""

from mtl_keras.experiments import pictures, tables
from mtl_keras.experiments.blocks import Heading, Picture, Text


def blocks(experiment, results, scale, folder=None):
    """Returns the report of an experiment.

    Args:
        experiment: module of `mtl_keras.experiments`.
        results: its `Results`.
        scale: str, the scale they were made at.
        folder: `Path` of the experiment, of whose `pictures` those of this scale are shown.
            Defaults to none.

    Returns:
        list of `Heading`, `Text`, `Table` and `Picture`.
    """
    found = [Heading(experiment.TITLE, 1), Text(made_of(results, scale))]
    found += [Heading("Protocol", 2), *map(Text, experiment.__doc__.strip().split("\n\n"))]
    found += [Heading("Claims", 2), *_claims(experiment.verdicts(results), scale)]
    for variant, rows in results.runs.items():
        found += [Heading(variant, 2), *_variant(results, variant, rows)]
    drawn = experiment.figures(results)
    kept = folder / "pictures" if folder else None
    files = sorted(kept.glob(f"{scale}-*.png")) if kept and kept.is_dir() else []
    if drawn or files:
        found.append(Heading("Further figures", 2))
    found += [Picture(name, figure) for name, figure in drawn.items()]
    return found + [Picture(path.stem, path) for path in files]


def made_of(results, scale):
    """Returns a paragraph: at which scale, from how many seeds, where and how numbers were made."""
    runs = [r for rows in results.runs.values() for by_seed in rows.values() for r in
            by_seed.values()]  # fmt: skip
    if not runs:
        return f"Scale `{scale}`: there are no results."
    seeds = sorted({run["seed"] for run in runs})
    versions = ", ".join(f"{k} {v}" for k, v in runs[0]["versions"].items())
    cores = runs[0]["machine"]["cores"]
    return (
        f"Scale `{scale}`, {len(seeds)} seed{'s' * (len(seeds) > 1)} "
        f"({', '.join(map(str, seeds))}), {versions}; {runs[0]['machine']['processor']}, "
        f"{cores} core{'s' * (cores > 1)}. Accuracies are of test rows, in per cent; "
        "± and [ ] are 95 % intervals over seeds (Student's t), differences are paired by seed."
    )


def _claims(verdicts, scale):
    if scale == "smoke":
        yield Text("At this scale the code is tested, not the claims.")
    yield tables.whole(verdicts)
    yield tables.verdicts(verdicts)
    yield Text(
        "Supported: the whole interval lies on the claim's side. Refuted: on the other. Undecided: "
        "the difference is smaller than its interval, or one seed gives none."
    )


def _variant(results, variant, rows):
    yield tables.scores(results, variant)
    yield from tables.gains(results, variant)
    yield from tables.details(rows)
    yield tables.cost(results, variant)
    task = tables.tasks_of(rows)[0]
    for name, figure in (
        ("learning curves", pictures.curves(rows)),
        ("confusion of the joint model", pictures.confusion(rows)),
        (f"{task}, disturbed", pictures.disturbed(rows, task)),
    ):
        if figure is not None:
            yield Picture(f"{variant}: {name}", figure)
