"""Image recognition with an image network and a label network that share a projection.

Article: "Research and practice of an image recognition algorithm based on multi-task learning".
Data: ImageNet. Network: image features and label information in two networks that share features
and parameters, Dense 1024, pictures of 224x224.

Protocol. Pictures go through a residual network, the words of a label's name and its class through
an embedding; both go through one and the same Dense 1024 with ReLU. Tasks: `objects`, the class,
and `match`, which of eight labels of the batch is the picture's own (contrast within the batch:
labels of the same class do not count as wrong). At prediction time the picture alone is given. As
the article has it: brightness varied by 0.1, random crop, resizing, scaling to [0, 1], all in
`tf.data`; cross-entropy on logits, Adam 0.001; accuracy, macro precision and recall. CIFAR-10
enlarged to 64 (laptop) or 224 (full) pixels; at smoke scale, where pictures have 32, the variant
`size_224` has the article's size. One tenth of the training rows selects the epoch; test rows are
used once.

The article gives no measured table; it claims that more layers, fewer layers, more data, stronger
augmentation or a richer loss pay (C8): one factor at a time below.

Broken there: the labels are an input of the network that predicts them; label "features" are
picture operations; the batch axis is added twice; logits are never made; `Dense` gets a list.
Instead: the model below, in which no label reaches the head of `objects`.
"""

import math

import keras
import tensorflow as tf
from keras import layers, ops

import mtl_keras as mtl
from mtl_keras.experiments import claims, plan
from mtl_keras.experiments.derived import Derived, Task, known
from mtl_keras.experiments.imbalance import class_weights, imbalanced
from mtl_keras.experiments.results import score
from mtl_keras.experiments.training import adam, one_cycle, train
from mtl_keras.presets import SmoothedCrossentropy

TITLE = "An image network and a label network"
TASKS = ["objects", "match"]
OTHERS, SHARPNESS = 7, 10.0  # labels of other rows that each picture is compared with
SCALES = {
    "smoke": {
        **plan.SMOKE, "pictures": "sample/drawings", "size": 32, "width": 2, "projection": 32,
    },
    "laptop": {
        "pictures": "cifar10", "size": 64, "examples": 2_000, "epochs": 4, "batch_size": 32,
        "width": 4, "projection": 1024, **plan.LAPTOP, "validation_rows": 512, "test_rows": 2_560,
        "disturbed_rows": 512,
    },
    "full": {
        "pictures": "cifar10", "size": 224, "examples": None, "epochs": 10, "batch_size": 32,
        "width": 16, "projection": 1024,
    },
}  # fmt: skip
FACTORS = {
    "deeper": {"depth": 20},
    "shallower": {"depth": 8},
    "wider": {"width": 2.0},
    "narrower": {"width": 0.5},
    "half_of_the_data": {"examples": 0.5},
    "stronger_augmentation": {"augment": "strong"},
    "no_augmentation": {"augment": "none"},
    "label_smoothing": {"loss": "smoothed"},
    "focal_loss": {"loss": "focal"},
}
PAY = ("deeper", "shallower", "stronger_augmentation", "label_smoothing", "focal_loss")


def variants(scale):
    """Returns dict variant -> dict row -> settings."""
    article = {
        "scale": scale, **plan.TRAINING, "depth": 14, "augment": "article", "optimizer": adam(),
        "loss": "crossentropy", "least": 1.0, **SCALES[scale],
    }  # fmt: skip
    robust = {**article, "robustness": True}
    tuned = {**robust, "optimizer": one_cycle()}
    found = {
        "article": plan.joint_and_alone(robust, TASKS, ["objects"], reduced=True),
        "tuned": plan.joint_and_alone(tuned, TASKS, ["objects"]),
        "base": plan.joint_and_alone(article, TASKS, []),
    }
    for name, factor in FACTORS.items():
        changed = {**article, **factor}
        for key in {"width", "examples"} & factor.keys():
            changed[key] = max(1, round(factor[key] * (article[key] or 45_000)))
        found[name] = plan.joint_and_alone(changed, TASKS, [])
    uneven = {**article, "least": 0.1}
    found["imbalanced"] = plan.joint_and_alone(uneven, TASKS, [])
    found["class_weights"] = plan.joint_and_alone({**uneven, "loss": "weighted"}, TASKS, [])
    if scale == "smoke":
        found["size_224"] = plan.joint_and_alone({**article, "size": 224}, TASKS, [])
    return found


def load(seed, data_dir, *, pictures, size, examples, batch_size, augment, loss, least):
    """Returns the data of both tasks, pictures resized to `size` in the pipeline."""
    edge = 4
    varied = {
        "none": None,
        "article": mtl.data.Augmentation(crop=edge, brightness=0.1),
        "strong": mtl.data.Augmentation(crop=edge, flip=True, rotation=15, brightness=0.3),
    }[augment]
    data = mtl.data.load(
        objects=pictures,
        batch_size=batch_size,
        examples=examples,
        augment=varied,
        seed=seed,
        data_dir=data_dir,
    )
    names = data.class_names["objects"]
    words = label_words(names)

    def change(x, y):
        image = tf.image.resize(x["objects_image"], (size, size))
        label = tf.gather(tf.constant(words), tf.maximum(y["objects"], 0))
        return {"objects_image": image, "objects_label": label}

    own = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    tasks = {
        "objects": _objects(loss, names),
        "match": Task("objects", lambda x, y: known(y["objects"], 0 * y["objects"]), own,
                      ["accuracy"]),
    }  # fmt: skip
    rows = imbalanced(data, "objects", least) if least < 1 else None
    return Derived(data, tasks, change, rows)


def _objects(loss, names):
    """The task of the classes under a loss; `None` for the usual one."""
    if loss == "smoothed":
        return Task("objects", lambda x, y: y["objects"], SmoothedCrossentropy(0.1), ["accuracy"],
                    names)  # fmt: skip
    if loss == "focal":
        focal = keras.losses.CategoricalFocalCrossentropy(from_logits=True)

        def one_hot(x, y):
            return known(y["objects"], tf.one_hot(y["objects"], len(names)))

        return Task("objects", one_hot, focal, ["accuracy"], names)
    return None


def label_words(names):
    """Returns token ids of each class: the words of its name, then the class itself.

    Args:
        names: list of str.

    Returns:
        list of lists of int, 0 being padding and 1 unknown.

    Example:
        >>> label_words(["fire truck", "truck"])
        [[2, 3, 4], [3, 0, 5]]
    """
    split = [name.replace("_", " ").split() for name in names]
    vocabulary = list(dict.fromkeys(word for words in split for word in words))
    longest = max(map(len, split))
    ids = [[2 + vocabulary.index(word) for word in words] for words in split]
    return [
        row + [0] * (longest - len(row)) + [2 + len(vocabulary) + number]
        for number, row in enumerate(ids)
    ]


def build(settings, data):
    """Returns the model of one task or both."""
    x = data.inputs()
    width = max(1, round(math.sqrt(settings["budget"]) * settings["width"]))
    seen = mtl.trunks.resnet(settings["depth"], width)(x["objects_image"])
    project = layers.Dense(settings["projection"], activation="relu", name="projection")
    picture = project(seen)
    classes = mtl.heads.classification(data.outputs["objects"], "objects")
    outputs = {"objects": classes(picture)}
    if "match" not in data.tasks:
        return mtl.MultiTaskModel(x["objects_image"], outputs)
    words = 1 + max(map(max, label_words(data.class_names["objects"])))
    name = mtl.text.embedding_branch(words, seen.shape[-1], dropout=0.0)(x["objects_label"])
    outputs["match"] = InBatchMatch(OTHERS, SHARPNESS, name="match")(
        [picture, project(name), x["objects_label"]]
    )
    return mtl.MultiTaskModel(x, outputs)


@keras.saving.register_keras_serializable("mtl_keras")
class InBatchMatch(layers.Layer):
    """Compares each row's first vector with its own second one and those of other rows.

    Args:
        others: int, the number of other rows.
        sharpness: float, factor on the cosines.

    Call arguments:
        inputs: [a (batch, width), b (batch, width), ids (batch, length) that say what b is of].
            Returns logits (batch, 1 + others), the own one first; those of other rows with the
            same ids count for nothing.

    Example:
        >>> import numpy as np
        >>> a, b = np.eye(2, dtype="float32"), np.eye(2, dtype="float32")
        >>> InBatchMatch(1, 10.0)([a, b, np.array([[4], [5]])]).numpy().tolist()
        [[10.0, 0.0], [10.0, 0.0]]
    """

    def __init__(self, others, sharpness, **kwargs):
        super().__init__(**kwargs)
        self.others, self.sharpness = others, sharpness

    def call(self, inputs):
        a, b, ids = inputs
        a, b = ops.normalize(a), ops.normalize(b)
        logits = [ops.sum(a * b, axis=-1) * self.sharpness]
        for shift in range(1, self.others + 1):
            same = ops.all(ids == ops.roll(ids, shift, axis=0), axis=-1)
            cosine = ops.sum(a * ops.roll(b, shift, axis=0), axis=-1)
            logits.append(ops.where(same, -1e4, cosine * self.sharpness))
        return ops.stack(logits, axis=-1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0][0], 1 + self.others)

    def get_config(self):
        return {**super().get_config(), "others": self.others, "sharpness": self.sharpness}


def run(settings, seed, data, folder):
    """Trains one row and returns what it came to."""
    data = data.only(*settings["tasks"])
    weights = None
    if settings["loss"] == "weighted":
        weights = {"objects": class_weights(data, "objects", settings["least"])}
    return train(build(settings, data), data, settings, class_weight=weights)


def verdicts(results):
    """Returns what the results say of C1, C4 and C8."""
    found = claims.raises_accuracy(results, ("article", "tuned"))
    for variant in ("article", "tuned"):
        found += claims.generalises(results, variant, ["objects"])
    pairs = [(name, "base") for name in PAY]
    pairs += [("base", "half_of_the_data"), ("class_weights", "imbalanced")]
    for first, second in pairs:
        if results.has(first, "joint") and results.has(second, "joint"):
            change = results.difference((first, "joint"), (second, "joint"), score("objects"))
            found.append(claims.difference("C8", f"{first} minus {second}: objects", change))
    return found


def figures(results):
    """There are no figures besides those that every report has."""
    return {}
