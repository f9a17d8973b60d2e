"""CSV and TSV files: one row per example, the first line naming the columns."""

import csv
import io
import os

import numpy as np

from mtl_keras import errors
from mtl_keras.data import pictures, raw

SPLIT_COLUMN = "split"
SPLITS = ("train", "validation", "test")


def read(source):
    """Reads a UTF-8 table of texts and/or picture paths with label columns.

    Empty label cells are missing labels. A column named `split` with the values `train`,
    `validation` and `test`, where there is one, says which split a row belongs to.

    Args:
        source: `Source` whose name is a `.csv` (commas) or `.tsv` (tabs) file. Texts come from
            the columns `text`, pictures from the paths (relative to the file's folder) in the
            column `image`, labels from the column `label`, unless the source says otherwise.

    Returns:
        A `RawSet`.

    Raises:
        ValueError: naming the file, and the line where there is one, if the file is not there,
            empty, not UTF-8, a row has another number of cells than the first line, or a column
            is not there.

    Example:
        >>> import pathlib, tempfile
        >>> from mtl_keras.data.sources import Source
        >>> path = pathlib.Path(tempfile.mkdtemp(), "films.csv")
        >>> _ = path.write_text("text,label\\nwhat a film,good\\nnever again,bad\\n")
        >>> films = read(Source(path))
        >>> films.class_names, films.splits["train"].labels["label"]
        ({'label': ['bad', 'good']}, array([1, 0], dtype=int32))
    """
    path = os.path.expanduser(source.name)
    columns, lines = _parse(path)
    inputs = _inputs(path, columns, lines, source)
    labels, class_names = {}, {}
    for column in source.columns() or ["label"]:
        several = isinstance(column, tuple)
        names = column if several else [column]
        cells = {name: _column(path, columns, name) for name in names}
        encode = _several_labels if several else _one_label
        labels[column], class_names[column] = encode(path, cells, lines)
    whole = raw.Split(inputs, labels)
    return raw.RawSet(source.name, _split(path, columns, lines, whole), class_names)


def _parse(path):
    """Returns dict column -> list of cells, and the line number of each row."""
    if not os.path.isfile(path):
        raise ValueError(f"There is no file {path!r}.")
    with open(path, "rb") as file:
        content = file.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ValueError(f"File {path!r} is not UTF-8: line {line}, {error.reason}.") from error
    delimiter = "\t" if path.lower().endswith(".tsv") else ","
    # Quotes mean nothing in a .tsv: a text may hold a lone one.
    quoting = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)
    rows, lines = [], []
    try:
        header = next(reader, None)
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                raise ValueError(
                    f"File {path!r}, line {reader.line_num}: {len(row)} cells; "
                    f"the first line names {len(header)} columns."
                )
            rows.append(row)
            lines.append(reader.line_num)
    except csv.Error as error:
        raise ValueError(f"File {path!r}, line {reader.line_num}: {error}.") from error
    if not rows:
        raise ValueError(f"File {path!r} is empty: it has no rows below the names of the columns.")
    return dict(zip(header, map(list, zip(*rows)))), lines


def _column(path, columns, name):
    if name not in columns:
        raise errors.unknown(f"column of {path!r}", name, columns)
    return columns[name]


def _inputs(path, columns, lines, source):
    text = source.text or (("text",) if "text" in columns else ())
    image = source.image or ("image" if "image" in columns else None)
    if not text and image is None:
        raise ValueError(
            f"File {path!r} must have a column `text` or `image`, or the source must name one by "
            f"`text=` or `image=`. Received the columns: {', '.join(columns)}"
        )
    inputs = {}
    if image is not None:
        folder, cells = os.path.dirname(path), _column(path, columns, image)
        if "" in cells:
            raise ValueError(f"File {path!r}, line {lines[cells.index('')]}: no picture path.")
        files = [os.path.join(folder, os.path.expanduser(cell)) for cell in cells]
        inputs["image"] = pictures.read_files(files, source.image_size)
    if text:
        parts = zip(*(_column(path, columns, name) for name in text))
        inputs["text"] = np.array([" ".join(part) for part in parts], object)
    return inputs


def _one_label(path, cells, lines):
    ((column, values),) = cells.items()
    names = sorted(set(values) - {""}, key=_number_or_name)
    if len(names) < 2:
        raise ValueError(
            f"File {path!r}: column {column!r} must hold at least two classes. "
            f"Received: {', '.join(names) or 'none'}"
        )
    number = {name: i for i, name in enumerate(names)} | {"": -1}
    return np.array([number[value] for value in values], np.int32), names


def _number_or_name(value):
    """Sorts numbers by value, before names."""
    try:
        return (0, int(value), "")
    except ValueError:
        return (1, 0, value)


def _several_labels(path, cells, lines):
    legal = {"0": 0.0, "1": 1.0, "": np.nan}
    for column, values in cells.items():
        for line, value in zip(lines, values):
            if value not in legal:
                raise ValueError(
                    f"File {path!r}, line {line}: column {column!r} must be 0, 1 or empty (a "
                    f"missing label). Received: {value!r}"
                )
    table = [[legal[value] for value in values] for values in cells.values()]
    return np.array(table, np.float32).T, list(cells)


def _split(path, columns, lines, whole):
    if SPLIT_COLUMN not in columns:
        return {"train": whole}
    cells = columns[SPLIT_COLUMN]
    for line, cell in zip(lines, cells):
        if cell not in SPLITS:
            raise errors.unknown(f"split in {path!r}, line {line}:", cell, SPLITS)
    if "train" not in cells:
        raise ValueError(f"File {path!r}: the column `split` gives no row to `train`.")
    cells = np.array(cells)
    return {key: whole.take(np.flatnonzero(cells == key)) for key in SPLITS if key in cells}
