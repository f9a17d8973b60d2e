"""Which data set serves which tasks, and reading it from where it lies."""

import dataclasses
import os

from mtl_keras import errors
from mtl_keras.data import folders, raw, tables, tfds, tfds_builder

SAMPLE = "sample/"


@dataclasses.dataclass(frozen=True)
class Source:
    """A data set and which of its columns serve which tasks.

    `load(digits="mnist")` is short for `load(digits=Source("mnist"))`.

    Args:
        name: str or path. The name of a set of TensorFlow Datasets (`"mnist"`, `"glue/sst2"`), a
            bundled set (`"sample/digits"`), a folder of pictures (one sub-folder per class,
            possibly below `train/`, `validation/` and `test/`) or a `.csv` / `.tsv` file.
        labels: which label column to learn. `None` (default) takes the set's only one; a str
            takes the column of this name; a dict `{task: column}` makes one task of each
            column. A tuple of yes/no columns is one column of several labels per row.
        image_size: `(height, width)` in pixels to which pictures are resized when they are read.
            `None` (default) keeps them as they are, which needs them to be of one size.
        text: str or tuple of str, the text columns, joined by a space. `None` (default) takes
            what the set declares as its input; the column `text` of a file.
        image: str, the picture column. `None` (default) takes what the set declares as its
            input; the column `image` of a file.

    Example:
        >>> trec = Source("trec", labels={"coarse": "label-coarse", "fine": "label-fine"})
        >>> trec.tasks("question")
        {'coarse': 'label-coarse', 'fine': 'label-fine'}
        >>> Source("mnist").tasks("digits")
        {'digits': None}
    """

    name: str
    labels: str | tuple | dict | None = None
    image_size: tuple | None = None
    text: str | tuple | None = None
    image: str | None = None

    def __post_init__(self):
        if isinstance(self.name, os.PathLike):
            object.__setattr__(self, "name", os.path.abspath(self.name))
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(
                "Argument `name` must be the name of a data set or a path. "
                f"Received: name={self.name!r}"
            )
        if isinstance(self.labels, dict) and not self.labels:
            raise ValueError("Argument `labels` must name at least one task. Received: labels={}")
        size = self.image_size
        if size is not None and not (
            isinstance(size, (tuple, list)) and len(size) == 2 and all(int(s) > 0 for s in size)
        ):
            raise ValueError(
                "Argument `image_size` must be (height, width) in pixels. "
                f"Received: image_size={size!r}"
            )
        if isinstance(self.text, str):
            object.__setattr__(self, "text", (self.text,))
        if isinstance(self.labels, dict):
            tasks = {task: _hashable(column) for task, column in self.labels.items()}
            object.__setattr__(self, "labels", tasks)
        else:
            object.__setattr__(self, "labels", _hashable(self.labels))

    def tasks(self, keyword):
        """Returns the tasks that the set serves under this keyword of `load`.

        Args:
            keyword: str, the keyword's name.

        Returns:
            Dict task -> label column, `None` standing for the set's only column.
        """
        return dict(self.labels) if isinstance(self.labels, dict) else {keyword: self.labels}

    def columns(self):
        """Returns the label columns asked for, a list, or `None` for the set's only one."""
        columns = list(dict.fromkeys(self.tasks("").values()))
        return None if columns == [None] else columns


def read(source, data_dir=None):
    """Reads a data set into memory.

    A set without a test split gives one training row in ten for it; where the test split hides
    its labels the validation split is the test split.

    Args:
        source: `Source` or str.
        data_dir: str or path, the folder of TensorFlow Datasets. Defaults to the environment's
            `TFDS_DATA_DIR`, else `~/tensorflow_datasets`.

    Returns:
        A `RawSet`.

    Raises:
        ValueError: if the set is not known, not there, empty or not readable.

    Example:
        >>> digits = read("sample/digits")
        >>> sorted(digits.splits), digits.splits["train"].inputs["image"].dtype
        (['test', 'train'], dtype('uint8'))
    """
    source = source if isinstance(source, Source) else Source(source)
    if source.name.startswith(SAMPLE):
        found = _sample(source.name)
    elif source.name.lower().endswith((".csv", ".tsv")):
        found = tables.read(source)
    elif _is_folder(source.name):
        found = folders.read(source)
    else:
        found = tfds.read(source, data_dir)
    for column in source.columns() or ():
        if column not in found.class_names:
            raise errors.unknown(f"label column of {source.name!r}", column, found.class_names)
    return found.complete()


def _hashable(column):
    return tuple(column) if isinstance(column, list) else column


def _is_folder(name):
    """Whether a name is a path: by its form, or a folder that no data set shares its name with."""
    if os.path.isabs(name) or name.startswith(("./", "../", "~", "." + os.sep)):
        return True
    return os.path.isdir(name) and not tfds_builder.known(name)


def _sample(name):
    from mtl_keras.data import samples

    key = name.removeprefix(SAMPLE)
    if key not in samples.names():
        raise errors.unknown("data set", name, [SAMPLE + k for k in samples.names()])
    content = samples.load(key)
    splits = {k: raw.Split(*map(dict, content[k])) for k in ("train", "test")}
    return raw.RawSet(name, splits, content["class_names"])
