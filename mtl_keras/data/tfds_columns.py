"""Which features of a set of TensorFlow Datasets are pictures, texts and labels."""

import numpy as np
import tensorflow as tf

from mtl_keras import errors
from mtl_keras.data import pictures

TEXTS = {"ag_news_subset": ("title", "description")}  # The set declares the description alone.
NOT_TEXTS = ("id", "idx", "filename", "file_name", "image/filename", "url")


def flat(features, prefix=""):
    """Returns a dict path -> feature, nested dicts of features opened (`"attributes/Young"`)."""
    import tensorflow_datasets as tfds

    found = {}
    for name, feature in features.items():
        if isinstance(feature, tfds.features.FeaturesDict):
            found |= flat(feature, f"{prefix}{name}/")
        else:
            found[prefix + name] = feature
    return found


def kind(feature):
    """Returns what a feature is to us: "image", "text", "class", "classes", "flag" or `None`."""
    import tensorflow_datasets as tfds

    if type(feature) is tfds.features.Image:
        return "image"
    if isinstance(feature, tfds.features.ClassLabel):
        return "class"
    if isinstance(feature, tfds.features.Sequence):
        return "classes" if isinstance(feature.feature, tfds.features.ClassLabel) else None
    if getattr(feature, "shape", None) == ():
        return {np.dtype(bool): "flag", np.dtype(object): "text"}.get(np.dtype(feature.np_dtype))
    return None


def _of_kind(features, *kinds):
    return [path for path, feature in features.items() if kind(feature) in kinds]


def inputs(source, builder, features):
    """Returns a dict `"image"` and/or `"text"` -> tuple of paths of what the model is to see.

    What the source asks for; else what the set declares as its input; else its only picture;
    else all its texts that are no mere identifiers.

    Args:
        source: `Source`.
        builder: the set's builder.
        features: dict path -> feature.

    Raises:
        ValueError: if there is no such column or none that will do.
    """
    for path in (*(source.text or ()), *((source.image,) if source.image else ())):
        if path not in features:
            raise errors.unknown(f"column of {source.name!r}", path, features)
    images = _of_kind(features, "image")
    texts = [p for p in _of_kind(features, "text") if p not in NOT_TEXTS]
    if source.text or source.image:
        images, texts = [source.image] if source.image else [], list(source.text or ())
    elif builder.name in TEXTS:
        texts = TEXTS[builder.name]
    else:
        declared = [k for k in _flat_keys(builder.info.supervised_keys) if k in images + texts]
        images = [k for k in declared if k in images] or images
        texts = [k for k in declared if k in texts] or texts
        if images:
            texts = []
    if len(images) > 1 or not (images or texts):
        raise ValueError(
            f"Data set {source.name!r} must have one picture or a text to learn from, or the "
            "source must name its columns by `image=` or `text=`. "
            f"Received the columns: {', '.join(features)}"
        )
    if images:
        _check_picture(source, features[images[0]])
    return {key: tuple(p) for key, p in (("image", images), ("text", texts)) if p}


def _check_picture(source, feature):
    if feature.np_dtype != np.uint8:
        raise ValueError(
            f"Data set {source.name!r} must hold 8-bit pictures. Received: {feature.np_dtype}"
        )
    if None in feature.shape[:2] and source.image_size is None:
        raise pictures.different_sizes(f"data set {source.name!r}")


def _flat_keys(keys):
    return tf.nest.flatten(keys) if keys else []


def labels(source, builder, features):
    """Returns a dict label column -> tuple of paths of the features that it consists of.

    What the source asks for; else what the set declares; else its only class label; else all its
    yes/no features together, as the labels of one task.

    Args:
        source: `Source`.
        builder: the set's builder.
        features: dict path -> feature.

    Raises:
        ValueError: if there is no such column, or no or more than one that will do.
    """
    asked = source.columns()
    if asked is not None:
        return {column: _asked(source, column, features) for column in asked}
    classes = _of_kind(features, "class", "classes")
    declared = [k for k in _flat_keys(builder.info.supervised_keys) if k in classes]
    flags = _of_kind(features, "flag")
    if declared:
        classes = declared
    if len(classes) == 1:
        return {classes[0]: (classes[0],)}
    if not classes and flags:
        return {"labels": tuple(flags)}
    names = ", ".join(classes or features)
    if classes:
        raise ValueError(
            f"Data set {source.name!r} has several label columns; name one task for each by "
            f"Source({source.name!r}, labels={{task: column}}). Label columns: {names}"
        )
    raise ValueError(
        f"Data set {source.name!r} has no class labels to learn. Received the columns: {names}"
    )


def _asked(source, column, features):
    several = isinstance(column, tuple)
    # Only yes/no features can stand together as the labels of one task.
    legal = _of_kind(features, "flag", *(() if several else ("class", "classes")))
    paths = column if several else (column,)
    for path in paths:
        if path not in legal:
            raise errors.unknown(f"label column of {source.name!r}", path, legal)
    return paths


def class_names(paths, features):
    """Returns the class names of a label column that consists of these features."""
    feature = features[paths[0]]
    if kind(feature) == "class":
        return list(feature.names)
    if kind(feature) == "classes":
        return list(feature.feature.names)
    return ["no", "yes"] if len(paths) == 1 else [path.split("/")[-1] for path in paths]
