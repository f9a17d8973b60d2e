"""Folders of pictures, one sub-folder per class."""

import os

import keras
import numpy as np

from mtl_keras import errors
from mtl_keras.data import pictures, raw

SPLITS = {
    "train": ("train",),
    "validation": ("validation", "valid", "val"),
    "test": ("test",),
}


def read(source):
    """Reads a folder of pictures, in memory and in the order of the file names.

    Args:
        source: `Source` whose name is a folder: `folder/CLASS/picture.png`, or
            `folder/train/CLASS/picture.png` beside `validation` and `test`.

    Returns:
        A `RawSet` with the label column `label`.

    Raises:
        ValueError: if there is no such folder, it holds no pictures, a picture cannot be read or
            pictures differ in size and no `image_size` is given.

    Example:
        >>> from mtl_keras.data.sources import Source
        >>> read(Source("./no/such/folder"))
        Traceback (most recent call last):
        ...
        ValueError: There is no folder './no/such/folder'.
    """
    root = os.path.expanduser(source.name)
    if not os.path.isdir(root):
        raise ValueError(f"There is no folder {source.name!r}.")
    if source.text or source.image:
        raise ValueError(
            "Arguments `text` and `image` name columns of a table; a folder of pictures has none. "
            f"Received: text={source.text!r}, image={source.image!r}"
        )
    folders = _split_folders(root)
    names = _listing(folders["train"]).class_names
    if len(names) < 2:
        raise ValueError(
            f"Folder {folders['train']!r} must have a sub-folder for each of at least two classes. "
            f"Received: {', '.join(names)}"
        )
    splits = {}
    for split, folder in folders.items():
        files = _listing(folder).file_paths
        labels = [_class_of(file, folder, names) for file in files]
        images = pictures.read_files(files, source.image_size)
        splits[split] = raw.Split({"image": images}, {"label": np.array(labels, np.int32)})
    return raw.RawSet(source.name, splits, {"label": list(names)})


def _split_folders(root):
    """Dict split -> folder. A `train` that holds pictures, not folders, is a class like another."""
    found = {
        split: os.path.join(root, name)
        for split, names in SPLITS.items()
        for name in names
        if os.path.isdir(os.path.join(root, name))
    }
    train = found.get("train")
    split_on_top = train and any(entry.is_dir() for entry in os.scandir(train))
    return found if split_on_top else {"train": root}


def _listing(folder):
    try:
        return keras.utils.image_dataset_from_directory(
            folder, batch_size=None, shuffle=False, verbose=False
        )
    except ValueError as error:
        raise ValueError(
            f"Folder {folder!r} is empty: it must hold a sub-folder of pictures for each class "
            "(.png, .jpg, .jpeg, .bmp, .gif)."
        ) from error


def _class_of(file, folder, names):
    name = os.path.relpath(file, folder).split(os.sep)[0]
    if name not in names:
        raise errors.unknown(f"class in {folder!r}", name, names)
    return names.index(name)
