"""Classifying data with several tasks: fused features, one model against many, four ways to ask.

Article: "Classifying data with multi-task learning: better efficiency and accuracy". Data:
CIFAR-10, handwritten digits; digits 0 to 3 as the quick example. Network: features of the tasks
concatenated, Dense 64 with ReLU, Dense 10.

Protocol. MNIST and CIFAR-10 side by side, scaled to [0, 1]: each step shows as many rows of each,
in pairs that chance makes anew every epoch; their features are concatenated and go through Dense
64 to both heads. In the default network the features are the pixels; in the tuned setting they are
those of a small convolutional trunk that both share. As the article has it: Adam, cross-entropy,
accuracy; it gives neither epochs nor batch, Keras' example of its time has 10 and 32. One tenth of
the training rows selects the epoch; test rows are used once.

The article gives no measured table; it claims fewer parameters, less computation and better
generalisation, also than two-task, multi-label and hierarchical classification (C7).

Broken there: 32x32x3 pictures reshaped to 32x32x1 triple the rows; `tf.concatenate` does not
exist; the model is evaluated without training; no softmax. Instead: the model below, also with a
grey copy of each picture beside it. Pixels in [0, 1], all positive, push hidden units of the
article's network below zero for good: `centred` takes 0.5 off, all else alike. C2 counts one model
of N one-against-rest tasks against N models. C7 poses the ten classes in four ways, and scores each
by the class it likes best.
"""

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

import mtl_keras as mtl
from mtl_keras.experiments import claims, plan
from mtl_keras.experiments.derived import Derived, Task, classes, known
from mtl_keras.experiments.latency import latency
from mtl_keras.experiments.results import score
from mtl_keras.experiments.training import adam, first, one_cycle, train

TITLE = "One model for the classification of several data sets"
TASKS = ["digits", "objects"]
NUMBERS = (1, 2, 5, 10)
SCALES = {
    "smoke": {**plan.SMOKE, "digits": "sample/digits", "objects": "sample/drawings", "width": 2},
    "laptop": {
        "digits": "mnist", "objects": "cifar10", "examples": 3_000, "epochs": 5, "batch_size": 32,
        "width": 4, **plan.LAPTOP,
    },
    "full": {
        "digits": "mnist", "objects": "cifar10", "examples": None, "epochs": 10, "batch_size": 32,
        "width": 8,
    },
}  # fmt: skip
COARSE = {
    "animal": {"bird", "cat", "deer", "dog", "frog", "horse"},
    "round": {"circle", "heart", "moon", "ring"},
}
"""Names of a coarse class -> the fine classes in it: of CIFAR-10 and of the bundled drawings."""


def variants(scale):
    """Returns dict variant -> dict row -> settings."""
    article = {
        "scale": scale, **plan.TRAINING, "features": "pixels", "grey": False, "posed": "tasks",
        "optimizer": adam(), **SCALES[scale],
    }  # fmt: skip
    tuned = {**article, "features": "trunk", "optimizer": one_cycle()}
    found = {
        "article": plan.joint_and_alone(article, TASKS, reduced=True),
        "tuned": plan.joint_and_alone(tuned, TASKS, reduced=True),
        "centred": plan.joint_and_alone({**article, "features": "centred pixels"}, TASKS),
        "grey": plan.joint_and_alone({**article, "grey": True}, TASKS, ["objects"]),
        "digits_0_to_3": plan.joint_and_alone(article, ["quick", "objects"], ["quick"]),
    }
    singles = [f"object{number}" for number in range(10)]
    for number in NUMBERS:
        found[f"tasks_{number}"] = plan.joint_and_alone(tuned, singles[:number])
    found["posings"] = {
        "ten tasks": {**tuned, "tasks": singles},
        "five pairs of tasks": {**tuned, "tasks": singles, "posed": "pairs"},
        "multi-label": {**tuned, "tasks": ["labels"]},
        "coarse to fine": {**tuned, "tasks": ["coarse", "objects"], "posed": "hierarchical"},
        "objects alone": {**tuned, "tasks": ["objects"]},
    }
    return found


def load(seed, data_dir, *, digits, objects, examples, batch_size):
    """Returns the data of all tasks, most of which are computed from the two labels."""
    data = mtl.data.load(
        digits=digits,
        objects=objects,
        batch_size=batch_size,
        examples=examples,
        seed=seed,
        data_dir=data_dir,
    )
    names = data.class_names["objects"]
    coarse, parents = parents_of(names)

    def quick(x, y):
        return tf.where(y["digits"] <= 3, y["digits"], -1)

    def one_hot(x, y):
        return known(y["objects"], tf.one_hot(y["objects"], len(names)))

    binary = keras.losses.BinaryCrossentropy(from_logits=True)
    # The hierarchical head has a logit for each coarse class, though they are two.
    sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return Derived(
        data,
        {
            "digits": None,
            "objects": None,
            "quick": classes("digits", quick, list("0123")),
            "coarse": Task("objects", _looked_up(parents), sparse, ["accuracy"], coarse),
            "labels": Task("objects", one_hot, binary, ["accuracy"]),
            **{
                f"object{number}": classes("objects", _looked_up(row), ["other", name])
                for number, (name, row) in enumerate(zip(names, np.eye(len(names), dtype=int)))
            },
        },
    )


def parents_of(names):
    """Returns the names of two coarse classes and which of them each class belongs to.

    Example:
        >>> parents_of(["cat", "ship", "dog"])
        (['not animal', 'animal'], [1, 0, 1])
    """
    for coarse, members in COARSE.items():
        if members & set(names):
            return [f"not {coarse}", coarse], [int(name in members) for name in names]
    half = len(names) // 2  # of classes without a meaning of their own
    return ["first half", "second half"], [int(number >= half) for number in range(len(names))]


def _looked_up(table):
    """Labels that are looked up by the class of the object."""
    table = tf.constant(table, tf.int32)
    return lambda x, y: known(y["objects"], tf.gather(table, tf.maximum(y["objects"], 0)))


def build(settings, data):
    """Returns the model of the tasks of some data."""
    x = data.inputs()
    part = math.sqrt(settings["budget"])
    trunk = mtl.trunks.conv_trunk(max(1, round(part * settings["width"])))
    flatten = layers.Flatten()

    def features(image):
        if settings["features"] == "centred pixels":
            image = layers.Rescaling(1.0, offset=-0.5)(image)
        return trunk(image) if settings["features"] == "trunk" else flatten(image)

    parts = [features(image) for image in x.values()]
    if settings["grey"] and "objects_image" in x:
        parts.append(features(keras.ops.image.rgb_to_grayscale(x["objects_image"])))
    fused = layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    hidden = layers.Dense(max(1, round(settings["budget"] * 64)), activation="relu")(fused)
    if settings["posed"] == "hierarchical":
        _, parents = parents_of(data.class_names["objects"])
        return mtl.MultiTaskModel(x, mtl.heads.hierarchical(parents, fine="objects")(hidden))
    return mtl.MultiTaskModel(x, {task: _head(task, data)(hidden) for task in data.tasks})


def _head(task, data):
    if task == "labels":
        return mtl.heads.multi_label(10, "labels")
    if data.outputs[task] == 1:
        return mtl.heads.binary(task)
    return mtl.heads.classification(data.outputs[task], task)


def run(settings, seed, data, folder):
    """Trains one row and returns what it came to; pairs of tasks are five models."""
    shown = data.only(*settings["tasks"])
    if settings["posed"] == "pairs":
        groups = [shown.only(*shown.tasks[i : i + 2]) for i in range(0, len(shown.tasks), 2)]
    else:
        groups = [shown]
    models = [build(settings, group) for group in groups]
    parts = [train(model, group, settings) for model, group in zip(models, groups)]
    found = parts[0] if len(parts) == 1 else _sum(parts)
    found["latency_ms"] = sum(map(latency, models))
    names = data.class_names["objects"]
    if len(shown.tasks) == len(names) or shown.tasks == ["labels"]:
        rows = first(data.only("objects"), "test", settings["test_rows"])
        found["tasks"]["objects"] = _favourite(models, rows, names)
    return found


def _sum(parts):
    """What several models came to, together."""
    found = {key: {k: v for part in parts for k, v in part[key].items()} for key in _BY_TASK}
    found |= {key: sum(part[key] for part in parts) for key in _SUMS}
    return found | {"history": [part["history"] for part in parts]}


_BY_TASK = ("examples", "tasks", "test", "train")
_SUMS = (
    "parameters", "trainable_parameters", "flops", "seconds", "cpu_seconds", "epoch_seconds",
    "epoch_cpu_seconds",
)  # fmt: skip


def _favourite(models, rows, names):
    """The result of the class whose own logit is largest."""
    columns = []
    for model in models:
        logits = model.predict(rows.map(lambda x, y: x), verbose=0)
        columns += [logits[task] for task in model.tasks]
    guess = np.concatenate(columns, axis=1).argmax(axis=1)
    label = np.concatenate([y["objects"] for _, y in rows])
    there = label >= 0
    confusion = np.zeros((len(names), len(names)), int)
    np.add.at(confusion, (label[there], guess[there]), 1)
    return {
        "metric": "accuracy",
        "higher_is_better": True,
        "score": float(np.mean(guess[there] == label[there])),
        "classes": names,
        "confusion": confusion,
    }


def verdicts(results):
    """Returns what the results say of C1, C2, C4 and C7."""
    found = claims.raises_accuracy(results, ("article", "tuned"))
    for variant, tasks in (("article", TASKS), ("tuned", TASKS)):
        alone = [f"{task} alone" for task in tasks]
        found += claims.costs_less(results, variant, alone=alone)
        found += claims.generalises(results, variant, tasks)
    for number in NUMBERS[1:]:
        alone = [f"object{index} alone" for index in range(number)]
        found += claims.costs_less(results, f"tasks_{number}", alone=alone)
    for other in ("five pairs of tasks", "multi-label", "coarse to fine"):
        if results.has("posings", "ten tasks", other):
            pair = ("posings", "ten tasks"), ("posings", other)
            change = results.difference(*pair, score("objects"))
            found.append(claims.difference("C7", f"ten tasks minus {other}: objects", change))
    return found


def figures(results):
    """There are no figures besides those that every report has."""
    return {}
