"""What a comparison says: its table, printed, as Markdown, as JSON and as figures."""

import math

from mtl_keras.evaluation import plots, results
from mtl_keras.evaluation.statistics import delta_m, interval, paired_difference, standard_error

DELTA_M = "delta-m (mean relative change over tasks; positive = multi-task better)"
_COSTS = {
    "parameters": "parameters",
    "trainable_parameters": "trainable parameters",
    "flops": "FLOPs per example, forward",
    "seconds": "seconds of training",
    "cpu_seconds": "CPU seconds of training",
    "step_seconds": "seconds of a step, median",
    "peak_mb": "peak memory of training, MB",
}


class Comparison:
    """A multi-task model beside single-task models, over seeds.

    Args:
        runs: list of run results as `compare` makes them: one `"multi"` and one `"single"` per
            task, for each seed.
        data: the `Data` object for sample predictions in `plot`, default none.

    Attributes:
        runs: the results, dicts of plain values.
        tasks: task names, in the user's order.
        seeds: seeds, in the order they were run.

    Raises:
        ValueError: no runs, or a seed without its multi-task or a single-task run.

    Example:
        ```python
        comparison = Comparison.from_json("runs/comparison.json")
        comparison.print()
        comparison.table()["delta_m"].mean
        ```
    """

    def __init__(self, runs, data=None):
        self.runs = list(runs)
        self.data = data
        multi = {run["seed"]: run for run in self.runs if run["kind"] == "multi"}
        self.seeds = list(multi)
        self.tasks = list(next(iter(multi.values()))["tasks"]) if multi else []
        self._multi = [multi[seed] for seed in self.seeds]
        single = {(*run["tasks"], run["seed"]): run for run in self.runs if run["kind"] == "single"}
        missing = [(t, s) for s in self.seeds for t in self.tasks if (t, s) not in single]
        if missing or not multi:
            raise ValueError(
                "Argument `runs` must hold a multi-task run and a run per task for each seed. "
                f"Received: seeds {self.seeds}, without a run: {missing}"
            )
        self._single = {t: [single[t, s] for s in self.seeds] for t in self.tasks}

    @classmethod
    def from_json(cls, path, data=None):
        """Returns the comparison that `to_json` wrote."""
        return cls(results.read(path)["runs"], data)

    def to_json(self, path):
        """Writes the table and all runs as JSON, whole or not at all."""
        results.write(path, {"table": self.table(), "runs": self.runs})

    def table(self, confidence=0.95):
        """Returns the numbers of the comparison.

        Args:
            confidence: float between 0 and 1, default 0.95.

        Returns:
            A dict: `"seeds"`; `"tasks"`, a dict per task; `"delta_m"`, an `Interval` in per cent,
            positive where the multi-task model is better; `"cost"`, a dict per kind of cost of the
            multi-task model and of the single-task ones together (of their peak memory the
            largest), means over seeds, NaN where a run does not say. A task has
            the name and direction of its metric, the `Interval`s `"multi"`, `"single"` and
            `"difference"` (paired over seeds), numbers of examples, and whether the metric is an
            accuracy (`"percent"`), then with its binomial standard errors.
        """
        scores = {task: self._scores(task) for task in self.tasks}
        better = {t: self._multi[0]["tasks"][t]["higher_is_better"] for t in self.tasks}
        changes = [
            delta_m(*({t: scores[t][side][i] for t in self.tasks} for side in (0, 1)), better)
            for i in range(len(self.seeds))
        ]
        return {
            "seeds": self.seeds,
            "tasks": {t: self._row(t, *scores[t], confidence) for t in self.tasks},
            "delta_m": interval(changes, confidence),
            "cost": {name: self._cost(name) for name in _COSTS},
        }

    def _scores(self, task):
        multi = [_number(run["tasks"][task]["score"]) for run in self._multi]
        return multi, [_number(run["tasks"][task]["score"]) for run in self._single[task]]

    def _row(self, task, multi, single, confidence):
        first = self._multi[0]["tasks"][task]
        examples = self._multi[0]["examples"][task]
        row = {
            "metric": first["metric"],
            "higher_is_better": first["higher_is_better"],
            "percent": "accuracy" in first["metric"] or first["metric"] == "acc",
            "multi": interval(multi, confidence),
            "single": interval(single, confidence),
            "difference": paired_difference(multi, single, confidence),
            "train_examples": examples["train"],
            "official_train_examples": examples.get("official_train"),
            "test_examples": examples["test"],
        }
        if row["percent"]:
            for side in ("multi", "single"):
                mean = row[side].mean
                error = math.nan if math.isnan(mean) else standard_error(mean, examples["test"])
                row[f"{side}_standard_error"] = error
        return row

    def _cost(self, name):
        def mean(runs):
            return interval([_number(run.get(name)) for run in runs]).mean

        together = max if name == "peak_mb" else sum
        single = together([mean(runs) for runs in self._single.values()])
        return {"multi": mean(self._multi), "single": single}

    def _cells(self):
        """Returns two tables of text, (header, rows) each, and the lines under them."""
        table = self.table()
        head = ("task", "metric", "multi-task", "single-task", "difference", "training examples")
        body = [
            (
                task,
                row["metric"] if row["higher_is_better"] else f"{row['metric']} ↓",
                _score(row, "multi"),
                _score(row, "single"),
                _difference(row),
                _examples(row),
            )
            for task, row in table["tasks"].items()
        ]
        costs = [
            (_COSTS[name], _count(c["multi"]), _count(c["single"]), _ratio(c))
            for name, c in table["cost"].items()
            if not math.isnan(c["multi"] + c["single"])
        ]
        cost_head = ("cost", "multi-task", "single-task together", "ratio")
        several = len(self.seeds) > 1
        spread = (
            "± and [ ]: 95 % intervals over seeds (Student's t), the difference paired."
            if several
            else "One seed: no interval over seeds; ± is the standard error of the test set."
        )
        change = table["delta_m"]
        bounds = f" [{change.low:+.2f}, {change.high:+.2f}]" if several else ""
        falling = not all(row["higher_is_better"] for row in table["tasks"].values())
        notes = [
            f"{DELTA_M}: {change.mean:+.2f} %{bounds}",
            f"Seeds: {', '.join(map(str, self.seeds))}. {spread}{' ↓: less is better.' * falling}",
        ]
        return (head, body), (cost_head, costs), notes

    def markdown(self):
        """Returns the comparison as Markdown: the table of tasks, delta-m, the table of costs."""
        scores, costs, notes = self._cells()
        return "\n\n".join((_markdown(*scores), *notes, _markdown(*costs))) + "\n"

    def _repr_markdown_(self):
        return self.markdown()

    def print(self, file=None):
        """Prints the comparison: as tables on a terminal, as Markdown elsewhere.

        Args:
            file: where to, default the standard output.
        """
        from rich.console import Console

        console = Console(file=file, highlight=False)
        if not console.is_terminal:
            console.file.write(self.markdown())
            return
        (head, body), costs, notes = self._cells()
        # The metric under the task and the interval under the difference: 80 columns suffice.
        body = [(f"{task}\n  {metric}", *row) for task, metric, *row in body]
        console.print(_rich((head[0], *head[2:]), body))
        for note in notes:
            console.print(note, markup=False)
        console.print(_rich(*costs))

    def curves(self):
        """Returns the validation curves of each task's metric, as `plots.learning_curves` takes."""
        curves = {}
        for task in self.tasks:
            key = f"val_{task}_{self._multi[0]['tasks'][task]['metric']}"
            curves[task] = {
                name: [[_number(v) for v in run["history"][key]] for run in runs]
                for name, runs in (("multi-task", self._multi), ("single-task", self._single[task]))
            }
        return curves

    def plot(self, directory):
        """Draws learning curves, scores, confusion matrices and, with data, sample predictions.

        The confusion matrices and samples are those of the multi-task model, the matrices summed
        over seeds, the samples of the first seed.

        Args:
            directory: folder for the pictures, PNG; made if it is not there.

        Returns:
            dict name -> path of a picture.
        """
        tasks = self._multi[0]["tasks"]
        labels = {t: f"validation {tasks[t]['metric']}" for t in self.tasks}
        figures = {
            "learning_curves": plots.learning_curves(self.curves(), labels),
            "task_bars": plots.task_bars(self),
        }
        matrices, names = {}, {}
        for task, found in tasks.items():
            if found["confusion"] is not None:
                runs = [run["tasks"][task]["confusion"] for run in self._multi]
                matrices[task] = [[sum(c) for c in zip(*rows)] for rows in zip(*runs)]
                names[task] = found["classes"]
                if self.data is not None:
                    figures[f"samples_{task}"] = plots.task_samples(self.data, task, found)
        if matrices:
            figures["confusion_matrices"] = plots.confusion_matrices(matrices, names)
        return plots.save(figures, directory)


def _number(value):
    return math.nan if value is None else value


def _score(row, side):
    mean, _, high = row[side]
    half = high - mean
    if not row["percent"]:
        return f"{mean:.4g}" + ("" if math.isnan(half) else f" ± {half:.2g}")
    half = row[f"{side}_standard_error"] if math.isnan(half) else half
    return f"{100 * mean:.2f} % ± {100 * half:.2f}"


def _difference(row):
    mean, low, high = row["difference"]
    scale, form = (100, "+.2f") if row["percent"] else (1, "+.3g")
    text = f"{scale * mean:{form}}{' points' if scale == 100 else ''}"
    if math.isnan(low):
        return text
    return f"{text} [{scale * low:{form}}, {scale * high:{form}}]"


def _examples(row):
    used, official = row["train_examples"], row["official_train_examples"]
    return f"{used:,}" if official in (None, used) else f"{used:,} of {official:,}"


def _count(number):
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _ratio(costs):
    return f"{costs['multi'] / costs['single']:.2f}" if costs["single"] else ""


def _markdown(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _rich(header, rows):
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for name in header:
        title = name.replace("training ", "training\n")
        table.add_column(title, justify="left" if name == header[0] else "right")
    for row in rows:
        table.add_row(*(cell.replace(" [", "\n[") for cell in row))
    return table
