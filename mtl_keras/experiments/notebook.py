"""What the notebooks of the articles share: the runs that are there, and small live ones."""

from pathlib import Path

from mtl_keras import experiments
from mtl_keras.evaluation.results import plain
from mtl_keras.experiments import render, report, runner, tables
from mtl_keras.experiments.blocks import Heading
from mtl_keras.experiments.results import Results


class Article:
    """The committed runs of an experiment, as blocks and numbers for a notebook.

    Args:
        name: str, the experiment.
        folder: folder of the results.
        scale: `"smoke"`, `"laptop"` (default) or `"full"`.
        seeds: sequence of int. Defaults to five.

    Attributes:
        experiment: module of `mtl_keras.experiments`.
        results: the `Results` so far.
        runs: dict variant -> row -> seed -> result.
        verdicts: the verdicts on the claims.

    Example:
        >>> article = Article("image_mlp", "nowhere")
        >>> article.scores("tuned"), article.gains("tuned")
        ([], {})
    """

    def __init__(self, name, folder="results", scale="laptop", seeds=range(5)):
        self.experiment, self.scale = experiments.get(name), scale
        self.results = runner.read(self.experiment, scale, seeds, folder)
        self.runs = self.results.runs
        self.verdicts = self.experiment.verdicts(self.results)

    def made_of(self):
        """Returns the line that says of how many runs the tables are made."""
        return report.made_of(self.results, self.scale)

    def scores(self, *variants):
        """Returns a heading and a table of scores for each of the variants that was run."""
        return [
            block
            for variant in variants
            if variant in self.runs
            for block in (Heading(variant, 4), tables.scores(self.results, variant))
        ]

    def gains(self, *variants):
        """Returns dict "variant: task" -> interval of the joint model's gain, in points."""
        return {
            f"{variant}: {task}": percent(self.results.gain(variant, task))
            for variant in variants
            if variant in self.runs
            for task in self.results.alone(variant)
            if self.results.has(variant, "joint", f"{task} alone")
        }

    def levels(self, rows, read):
        """Returns dict name -> interval in percent, of those rows that were run.

        Args:
            rows: dict name -> (variant, row).
            read: function result -> number, such as `results.score("digits")`.
        """
        return {
            name: percent(self.results.interval(*row, read))
            for name, row in rows.items()
            if self.results.has(*row)
        }

    def settings(self, variant="tuned", **changes):
        """Returns the settings of the joint model at the smallest scale, with changes."""
        return {**self.experiment.variants("smoke")[variant]["joint"], **changes}

    def live(self, rows, data):
        """Trains here and now; returns dict row -> {0: result}.

        Args:
            rows: dict row -> settings.
            data: what the experiment's `load` returned.
        """
        return {
            row: {0: plain(self.experiment.run(settings, 0, data, Path()))}
            for row, settings in rows.items()
        }


def percent(interval):
    """Returns an interval of parts in percent.

    Example:
        >>> from mtl_keras.evaluation.statistics import Interval
        >>> percent(Interval(0.5, 0.25, 0.75))
        Interval(mean=50.0, low=25.0, high=75.0)
    """
    return type(interval)(*(100 * value for value in interval))


def markdown(*blocks):
    """Returns blocks as text in Markdown.

    Example:
        >>> markdown(Heading("Runs", 2))
        '## Runs'
    """
    return "\n\n".join(render.markdown(block) for block in blocks)


def scores_of_live(live):
    """Returns the table of scores of what `Article.live` trained.

    Example:
        ```python
        show(scores_of_live(article.live(rows, data)))
        ```
    """
    return tables.scores(Results({"live": live}), "live")
