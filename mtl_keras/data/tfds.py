"""Sets of TensorFlow Datasets, read into memory."""

import functools
import warnings

import numpy as np
import tensorflow as tf

from mtl_keras.data import pictures, raw, tfds_builder, tfds_columns
from mtl_keras.data.autotune import without_autotune

READ_ROWS = 1024


def read(source, data_dir=None):
    """Reads a set of TensorFlow Datasets; downloads and prepares it first where that is needed.

    Args:
        source: `Source` whose name is the set's, such as `"mnist"` or `"glue/sst2"`.
        data_dir: str or path of the prepared sets. Defaults to the environment's `TFDS_DATA_DIR`,
            else `~/tensorflow_datasets`.

    Returns:
        A `RawSet`. Warns once if it has fewer training rows than the official set.

    Raises:
        ValueError: if the set is unknown, neither prepared nor to be had, or no set of pictures
            or texts with class labels.
    """
    builder = tfds_builder.prepared(source.name, data_dir)
    features = tfds_columns.flat(builder.info.features)
    wanted = tfds_columns.inputs(source, builder, features)
    columns = tfds_columns.labels(source, builder, features)
    splits = {
        split: _read_split(source, builder, name, wanted, columns)
        for split, name in _split_names(source, builder).items()
    }
    official = tfds_builder.OFFICIAL_TRAIN.get(source.name.split(":")[0])
    if official is not None and len(splits["train"]) < official:
        _warn_partial(source.name, len(splits["train"]), official)
    names = {column: tfds_columns.class_names(paths, features) for column, paths in columns.items()}
    return raw.RawSet(source.name, splits, names, official)


@functools.cache
def _warn_partial(name, rows, official):
    warnings.warn(
        f"Data set {name!r} holds {rows:,} training examples here; the official one has "
        f"{official:,}.",
        stacklevel=2,
    )


def _split_names(source, builder):
    """Dict "train" | "validation" | "test" -> the set's own name of the split."""
    own = list(builder.info.splits)
    if "train" not in own:
        raise ValueError(
            f"Data set {source.name!r} must have a split `train`. Received: {', '.join(own)}"
        )
    names = {}
    for split in ("train", "validation", "test"):
        matching = [name for name in own if name.startswith(split)]  # "validation_matched"
        if matching:
            names[split] = split if split in own else matching[0]
    return names


def _read_split(source, builder, split, inputs, columns):
    """Reads the wanted features of one split, in the order of the set's files."""
    paths = [path for group in (*inputs.values(), *columns.values()) for path in group]
    features = tfds_columns.flat(builder.info.features)

    def pick(example):
        row = {path: _at(example, path) for path in paths}
        for path in row:
            if tfds_columns.kind(features[path]) == "classes":
                hot = tf.one_hot(row[path], features[path].feature.num_classes)
                row[path] = tf.minimum(tf.reduce_sum(hot, axis=0), 1.0)
            elif tfds_columns.kind(features[path]) == "image" and source.image_size is not None:
                row[path] = pictures.resize(row[path], source.image_size)
        return row

    dataset = builder.as_dataset(split=split, shuffle_files=False)
    dataset = dataset.map(pick, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    batches = list(without_autotune(dataset.batch(READ_ROWS)).as_numpy_iterator())
    if not batches:
        raise ValueError(f"Data set {source.name!r} is empty: its {split} split has no rows.")
    rows = {path: np.concatenate([batch[path] for batch in batches]) for path in paths}
    found = {}
    if "image" in inputs:
        found["image"] = rows[inputs["image"][0]]
    if "text" in inputs:
        texts = [_decode(source, split, rows[path]) for path in inputs["text"]]
        found["text"] = np.array([" ".join(parts) for parts in zip(*texts)], object)
    return raw.Split(found, {c: _labels(rows, paths) for c, paths in columns.items()})


def _at(example, path):
    return functools.reduce(lambda part, key: part[key], path.split("/"), example)


def _decode(source, split, texts):
    decoded = []
    for row, text in enumerate(texts):
        try:
            decoded.append(text.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise ValueError(
                f"Data set {source.name!r}: the text of row {row} of the {split} split is not "
                f"UTF-8: {error.reason}."
            ) from error
    return decoded


def _labels(rows, paths):
    if len(paths) > 1:
        return np.stack([rows[path] for path in paths], axis=1).astype(np.float32)
    (path,) = paths
    return rows[path].astype(np.float32 if rows[path].ndim == 2 else np.int32)
