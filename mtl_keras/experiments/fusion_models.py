"""The models of the experiment `feature_fusion`."""

import math

import keras
from keras import layers

import mtl_keras as mtl

NETWORKS = {
    "VGG": lambda width: mtl.trunks.vgg(16, width),
    "ResNet": lambda width: mtl.trunks.resnet(20, width),
    "Inception": lambda width: mtl.trunks.inception(max(1, width // 2)),
    "DeepLab": lambda width: mtl.trunks.atrous_pyramid(
        mtl.trunks.resnet(8, width, pooling=None, name="backbone"), 4 * width, pooling="avg"
    ),
    "auto-encoder": lambda width: mtl.trunks.autoencoder(2 * width),
    "attention": lambda width: mtl.trunks.cbam(depth=20, width=width),
}
"""Name -> function width -> trunk. The auto-encoder's picture is the task `picture`."""

TRANSFERS = ("from scratch", "frozen", "trained on")
MOVED = "moved"
"""Name of the trunk that is trained on one data set and used on another."""


def build(settings, data):
    """Returns the model of the tasks of some data.

    Args:
        settings: dict with `features`, `network`, `width` and `budget`.
        data: the data of the tasks to build for.
    """
    x = data.inputs()
    width = max(1, round(math.sqrt(settings["budget"]) * settings["width"]))
    if "objects_image" in x:
        image = x["objects_image"]
        parts = {name: _branch(name, settings, width)(image) for name in settings["features"]}
        used = {"objects_image": image}
    else:
        used = {f"home_{view}": x[f"home_{view}"] for view in settings["features"]}
        parts = {
            name: mtl.fusion.optional(mtl.trunks.conv_trunk(width, name=name), view)
            for name, view in used.items()
        }
    joined = _join(parts, 16 * width)
    heads = {task: _head(task, data, used)(joined) for task in data.tasks}
    return mtl.MultiTaskModel(used, heads)


def _join(parts, width):
    """Joins the parts; of a single one the absent rows get a vector of their own."""
    if len(parts) > 1:
        return mtl.fusion.concatenate_fusion(width)(parts)
    (part,) = parts.values()
    if isinstance(part, mtl.fusion.Part):
        part = mtl.fusion.StandIn()([part.features, part.present])
    return layers.Dense(width, activation="relu")(part)


def _head(task, data, inputs):
    if task == "picture":
        (image,) = inputs.values()
        return mtl.heads.reconstruction(tuple(image.shape[1:]), width=8, name="picture")
    if data.outputs[task] == 1:
        return mtl.heads.binary(task)
    return mtl.heads.classification(data.outputs[task], task)


def _branch(name, settings, width):
    """Returns the function from the picture to the features of one kind."""
    if name == "picture" and settings["network"] in NETWORKS:
        return NETWORKS[settings["network"]](width)
    ways = {"edges": _edges, "texture": _texture, "denoised": _denoised}
    return ways[name](width) if name in ways else _small(width, name)


def _small(width, name):
    def trunk(x):
        return mtl.trunks.article_cnn(4 * width, tuple(x.shape[1:3]), name=f"{name}_cnn")(x)

    return trunk


def _edges(width):
    def branch(x):
        maps = [mtl.features.Sobel()(_grey(x)), mtl.features.Laplacian()(_grey(x))]
        return _small(width, "edges")(layers.Concatenate()(maps))

    return branch


def _texture(width):
    def branch(x):
        patterns = mtl.features.LocalBinaryPattern(grid=(4, 4))(layers.Rescaling(255.0)(_grey(x)))
        waves = _small(width, "texture")(mtl.features.GaborBank((0.4,))(_grey(x)))
        counts = layers.Dense(8 * width, activation="relu", name="patterns")(patterns)
        return layers.Concatenate()([waves, counts])

    return branch


def _grey(x):
    return x if x.shape[-1] == 1 else keras.ops.image.rgb_to_grayscale(x)


def _denoised(width):
    return lambda x: _small(width, "denoised")(mtl.features.GaussianBlur(0.7)(x))


def on_trunk(settings, data):
    """Returns a model of the one task of some data, whose trunk can be moved to another."""
    (task,), x = data.tasks, data.inputs()
    features = mtl.trunks.conv_trunk(settings["width"], name=MOVED)(x[f"{task}_image"])
    return mtl.MultiTaskModel(x, {task: _head(task, data, x)(features)})


def move(source, target):
    """Copies the trunk of a model, with the statistics of its normalisation, into another."""
    for layer in target.layers:
        if layer.name.startswith(f"{MOVED}_") and layer.weights:
            layer.set_weights(source.get_layer(layer.name).get_weights())
