"""Exports a model as a SavedModel that takes what a client has: pictures and strings."""

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

import tensorflow as tf

from mtl_keras import model_card
from mtl_keras.signatures import Signatures


def export(model, filepath, overwrite=False, card=None):
    """Writes a SavedModel with raw inputs, preprocessing, vocabulary and class names inside.

    For every task there is a signature of its name, and for a task with a picture
    `NAME_encoded`, too; `serving_default` answers all tasks. All tensors have names and the batch
    comes first. A task that can do without its texts, or without its pictures (`fusion.optional`),
    has the same as `NAME_from_image` and `NAME_from_text`, which take inputs of the one kind only.

    - Inputs: `image`, uint8 `(batch, any height, any width, channels)`, in `NAME_encoded`
      `image_bytes`, PNG or JPEG files as strings `(batch,)` whose pictures may differ in size;
      `text`, UTF-8 strings `(batch,)`. Several of a kind in one signature, other inputs
      and those of `serving_default` bear the names of the model's inputs.
    - Outputs: `probabilities`, float32 `(batch, classes)`, two for a binary task, and `label`,
      string `(batch,)`; where a row may have several labels, `labels`, the names of all, and
      `mask`, which of them apply, `(batch, classes)`; for a regression `value`. In
      `serving_default` they are `NAME_probabilities` and so on.

    Beside it lie `model_card.md` and `labels.json`. The export is written whole or not at all:
    into a folder beside its place, which is then renamed; an earlier export is removed after that.

    Args:
        model: a `MultiTaskModel`.
        filepath: str or path, a new directory; its parents are made.
        overwrite: bool, whether an earlier SavedModel there is replaced. Defaults to `False`.
        card: dict of what the model card says of data and metrics: `model_card.describe` makes one,
            `model_card.contents` says what it may hold.

    Raises:
        ValueError: the path holds something already, with `overwrite` something that is no
            SavedModel, or the model has two signatures of one name.
        OSError: the files cannot be written; an earlier export is whole then.

    Example:
        >>> import keras, tempfile
        >>> import mtl_keras as mtl
        >>> image = keras.Input((8, 8, 1), name="image")
        >>> logits = keras.layers.Dense(3)(keras.layers.Flatten()(image))
        >>> model = mtl.MultiTaskModel(image, {"shape": logits})
        >>> path = os.path.join(tempfile.mkdtemp(), "shapes")
        >>> model.export(path)
        >>> served = tf.saved_model.load(path).signatures["shape"]
        >>> served(image=tf.zeros((2, 30, 20, 1), tf.uint8))["probabilities"].shape
        TensorShape([2, 3])
    """
    path = Path(os.path.realpath(filepath))
    _check_free(path, filepath, overwrite)
    signatures = Signatures(model)
    about = model_card.contents(path.name, signatures, card)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write(beside, signatures, about)
        _put(beside, path)
    except (OSError, tf.errors.OpError) as error:
        raise OSError(f"The export {str(filepath)!r} could not be written: {error}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _check_free(path, given, overwrite):
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    if not overwrite:
        raise ValueError(
            f"The export path {str(given)!r} holds something already. Choose another one or pass "
            "overwrite=True."
        )
    if not (path / "saved_model.pb").is_file():
        raise ValueError(
            f"The export path {str(given)!r} holds something that is no SavedModel; it is not "
            "overwritten. Choose another one."
        )


def _write(folder, signatures, about):
    """Writes all files of an export in a new folder."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    root = tf.Module()
    root.held = [signatures.variables, signatures.tables]
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    with _quiet():
        tf.saved_model.save(root, str(folder), signatures.functions, options)
    about = {**about, "files": checksums(folder)}
    (folder / "labels.json").write_text(model_card.to_json(about), encoding="utf-8")
    (folder / "model_card.md").write_text(model_card.to_markdown(about), encoding="utf-8")


def checksums(folder):
    """Returns the SHA-256 of every file in a folder, by its path in it.

    Example:
        >>> import tempfile
        >>> checksums(tempfile.mkdtemp())
        {}
    """
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def _put(new, path):
    """Renames a folder to `path`; an earlier one there goes when the new one is in place."""
    earlier = path.with_name(f"{new.name}.earlier")
    if path.exists():
        os.rename(path, earlier)
    try:
        os.rename(new, path)
    except BaseException:
        if earlier.exists():
            os.rename(earlier, path)
        raise
    shutil.rmtree(earlier, ignore_errors=True)


@contextlib.contextmanager
def _quiet():
    """TensorFlow would tell of the folder that is renamed afterwards."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("WARNING")
    try:
        yield
    finally:
        logger.setLevel(level)
