"""Pictures and texts as a client of an export gives them, checked."""

import codecs
import os
from pathlib import Path

import numpy as np
import tensorflow as tf

_FILE = (str, bytes, os.PathLike)
_FILE_CHANNELS = (1, 3, 4)


def read_texts(path):
    """Returns the lines of a UTF-8 text file, each a text; empty lines are left out.

    Args:
        path: str or path.

    Raises:
        ValueError: the file cannot be read or is not UTF-8.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "headlines.txt")
        >>> _ = path.write_text("Rates rise again\\n\\nA late goal\\n")
        >>> read_texts(path)
        ['Rates rise again', 'A late goal']
    """
    try:
        lines = Path(path).read_bytes().removeprefix(codecs.BOM_UTF8).splitlines()
    except OSError as error:
        raise ValueError(f"Text file {str(path)!r} cannot be read: {error.strerror}.") from error
    return [
        _utf8(line, f"Line {number} of text file {str(path)!r}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]


def pictures(source, channels):
    """Returns the content of picture files, or an array of pictures.

    Args:
        source: a path, the content of a file as bytes, a list of these, or a uint8 array
            `(n, height, width, channels)`.
        channels: int, channels of the pictures that are wanted.

    Returns:
        list of bytes, or the array.

    Raises:
        ValueError: a file is not readable, or the array is of another shape or dtype.

    Example:
        >>> pictures(np.zeros((2, 4, 4, 1), "uint8"), channels=1).shape
        (2, 4, 4, 1)
    """
    if isinstance(source, _FILE):
        source = [source]
    if isinstance(source, (list, tuple)) and all(isinstance(item, _FILE) for item in source):
        if channels not in _FILE_CHANNELS:
            raise ValueError(
                f"No picture file has the {channels} channels of this task's pictures. "
                "Give them as a uint8 array."
            )
        return [_picture(item, number, channels) for number, item in enumerate(source)]
    fits = isinstance(source, np.ndarray) and source.dtype == np.uint8 and source.ndim == 4
    if not fits or source.shape[-1] != channels:
        found = f"{getattr(source, 'dtype', '')} {type(source).__name__}".strip()
        raise ValueError(
            f"Argument `pictures` must be files or a uint8 array (n, height, width, {channels}). "
            f"Received: {found} of shape {np.shape(source)}"
        )
    return source


def _picture(source, number, channels):
    """The bytes of a picture file that can be decoded."""
    name = f"Picture {number}" if isinstance(source, bytes) else f"Picture file {str(source)!r}"
    try:
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
        tf.io.decode_image(data, channels=channels, expand_animations=False)
    except OSError as error:
        raise ValueError(f"{name} cannot be read: {error.strerror}.") from error
    except tf.errors.OpError as error:
        reason = error.message.split("\n")[0]
        raise ValueError(f"{name} cannot be read as a PNG or JPEG picture: {reason}") from error
    return data


def texts(source):
    """Returns texts as a list of str.

    Args:
        source: str or bytes, or a list of these.

    Raises:
        ValueError: a text is not UTF-8.

    Example:
        >>> texts(["red dog", b"cat"])
        ['red dog', 'cat']
    """
    if isinstance(source, (str, bytes)):
        source = [source]
    return [_utf8(text, f"Text {number}") for number, text in enumerate(source)]


def _utf8(text, name):
    """A text as str that UTF-8 can hold."""
    try:
        text = text.decode("utf-8") if isinstance(text, bytes) else str(text)
        text.encode("utf-8")
    except UnicodeError as error:
        raise ValueError(f"{name} is not UTF-8: {error}.") from error
    return text
