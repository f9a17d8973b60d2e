"""The batches, inputs and defaults of some tasks."""

import copy
import dataclasses

import keras

from mtl_keras import errors
from mtl_keras.data import pictures, texts
from mtl_keras.data.mixing import zip_tasks


@dataclasses.dataclass(frozen=True)
class Settings:
    """The options of `load` that the parts of a `Data` share."""

    batch_size: int
    seed: int
    validation: float
    epoch: str
    temperature: float
    vocabulary_size: int
    sequence_length: int | None


class Data:
    """The batches, inputs and defaults of some tasks; made by `load`.

    Attributes:
        tasks: list of task names, in the order given.
        task_inputs: dict task -> list of its input names.
        sources: dict task -> name of its data set.
        outputs: dict task -> number of logits: 1 for two classes, else the number of classes, or
            of labels where a row may have several.
        class_names: dict task -> list of str.
        losses: dict task -> `keras.losses.Loss` on logits.
        metrics: dict task -> list of metric names.
        preprocess: dict input name -> layer from the raw value to the model's input.
        examples: dict task -> dict of the numbers of rows: `"train"`, `"validation"`, `"test"`,
            and `"official_train"` of the official set, `None` where that is not known.
        vocabulary_size: int, ids of the one vocabulary of all texts; `None` without texts.
        batch_size: int.
        seed: int.

    Example:
        >>> from mtl_keras.data import load
        >>> data = load(digits="sample/digits", topics="sample/headlines", batch_size=32)
        >>> data.only("topics").tasks, data.vocabulary_size > 100
        (['topics'], True)
    """

    def __init__(self, parts, settings, augment):
        self.batch_size = settings.batch_size
        self.seed = settings.seed
        self._parts = parts
        self._settings = settings
        self.vocabulary_size = _make_layers(parts.values(), settings)
        self._augment = augment
        self._show([task for part in parts.values() for task in part.columns])

    def _show(self, tasks):
        """Sets what is public for these tasks."""
        every = {task: part for part in self._parts.values() for task in part.columns}
        for task in tasks:
            if task not in every:
                raise errors.unknown("task", task, every)
        parts = {task: every[task] for task in tasks}
        self.tasks = list(tasks)
        self.task_inputs = {task: list(part.layers) for task, part in parts.items()}
        self.sources = {task: part.set_name for task, part in parts.items()}
        self.examples = {task: part.examples() for task, part in parts.items()}
        self.class_names = {task: part.class_names(task) for task, part in parts.items()}
        self.outputs = {task: part.logits(task) for task, part in parts.items()}
        self.losses = {task: part.loss(task) for task, part in parts.items()}
        self.metrics = {task: ["accuracy"] for task in tasks}
        self._shown = {part.name: part for part in parts.values()}
        self.preprocess = {k: v for part in self._shown.values() for k, v in part.layers.items()}
        self._datasets = {}

    def only(self, *tasks):
        """Returns the same data showing only these tasks.

        Training shows them the same rows in the same steps with the same augmentation as all
        tasks together, so that single-task and joint runs compare; validation and test hold the
        rows of their sources alone.

        Args:
            *tasks: names of tasks.

        Raises:
            ValueError: if a task is not known, or none is given.
        """
        if not tasks:
            raise ValueError("`only` must be given at least one task.")
        for task in tasks:
            if task not in self.tasks:
                raise errors.unknown("task", task, self.tasks)
        other = copy.copy(self)
        other._show(tasks)
        return other

    def inputs(self):
        """Returns new `keras.Input`s by name: float32 pictures in [0, 1], int32 token ids."""
        specs = {k: v for part in self._shown.values() for k, v in part.input_specs().items()}
        return {k: keras.Input(shape, dtype=dtype, name=k) for k, (shape, dtype) in specs.items()}

    @property
    def train(self):
        """The training batches: shuffled, augmented, of static shape."""
        settings = self._settings
        return self._dataset(
            "train",
            self._parts,
            epoch=settings.epoch,
            temperature=settings.temperature,
            augment=self._augment,
            only=list(self._shown),
        )

    @property
    def validation(self):
        """The validation batches, each row counting once; `None` if `validation` is 0."""
        if not self._settings.validation:
            return None
        return self._dataset("validation", self._shown, epoch="exact")

    @property
    def test(self):
        """The test batches, each row counting once."""
        return self._dataset("test", self._shown, epoch="exact")

    def _dataset(self, split, parts, **mixing):
        if split not in self._datasets:
            tables = {name: part.table(split, self.tasks) for name, part in parts.items()}
            self._datasets[split] = zip_tasks(
                tables,
                self.batch_size,
                seed=self.seed,
                rows={name: part.rows[split][1] for name, part in parts.items()},
                **mixing,
            )
        return self._datasets[split]

    def raw(self, task, split="test"):
        """Returns what a client would send, and the labels.

        Args:
            task: str.
            split: `"train"`, `"validation"` or `"test"` (default).

        Returns:
            `(inputs, labels)`: dict input name -> uint8 pictures `(n, height, width, channels)` or
            object array `(n,)` of str; the labels int32 `(n,)` or float32 `(n, labels)`.

        Raises:
            ValueError: if there is no such task or split.
        """
        if task not in self.tasks:
            raise errors.unknown("task", task, self.tasks)
        part = next(part for part in self._shown.values() if task in part.columns)
        if split not in part.rows:
            raise errors.unknown("split", split, part.rows)
        key, rows = part.rows[split]
        chosen = part.raw.splits[key].take(rows)
        inputs = {f"{part.name}_{kind}": array for kind, array in chosen.inputs.items()}
        return inputs, chosen.labels[part.columns[task]]

    def __repr__(self):
        lines = [
            f"  {task}: {self.sources[task]}, {n['train']:,} training, {n['validation']:,} "
            f"validation, {n['test']:,} test examples, {len(self.class_names[task])} classes"
            for task, n in self.examples.items()
        ]
        return "\n".join(["Data:", *lines])


def _make_layers(parts, settings):
    """Gives every part its preprocessing layers; returns the size of the vocabulary."""
    training = {part.name: part.texts() for part in parts if part.texts() is not None}
    words = texts.vocabulary(training.values(), settings.vocabulary_size) if training else None
    for part in parts:
        for kind, array in part.raw.splits["train"].inputs.items():
            name = f"{part.name}_{kind}"
            if kind == "text":
                length = settings.sequence_length or texts.sequence_length(training[part.name])
                part.layers[name] = texts.vectorizer(words, length, name)
            else:
                part.layers[name] = pictures.preprocess(*array.shape[1:], name=name)
    return len(words) + 2 if words else None
