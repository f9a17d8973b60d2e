"""A multi-layer perceptron for several picture tasks: class, parity, size, picture, place.

Article: "Image classification based on multi-task learning". Data: MNIST, CIFAR, one's own
picture folders (animals, people, buildings). Network: a perceptron.

Protocol. One hidden layer of 256 with ReLU over flattened 28x28 pictures; tasks `digit` (the
class), `parity` and `large` (is its number odd; at least five), `picture` (make the picture again:
feature extraction), `box` (where is the digit on a larger canvas: detection, on the bundled
`sample/canvas_digits`, whose pictures go through the same perceptron). As the article has it: SGD
0.01 with momentum 0.9, batch 32, 10 epochs. One tenth of the training rows selects the epoch; test
rows are used once. Every row is also tested on disturbed pictures.

The article gives no measured table.

Broken there: the class is no module and its parameters are not registered; ReLU on the logits; the
loss is a class, not an object; nothing is multi-task. Instead: the model below. "Clustering" is
k-means whose clusters answer by majority, "dimension reduction" is PCA or LDA, both scikit-learn's
on the same rows (C5). Label fractions keep so many training rows for all tasks alike (C4).

One's own pictures: `load(0, None, pictures="path/of/folder", ...)`, a folder of one sub-folder per
class or a CSV file; the variant `folders` draws such a folder and reads it.
"""

import tempfile
from pathlib import Path

import keras
import tensorflow as tf

import mtl_keras as mtl
from mtl_keras.data.samples import canvas_digits
from mtl_keras.experiments import baselines, claims, plan
from mtl_keras.experiments.derived import Derived, Task, classes, known, picture
from mtl_keras.experiments.figures import against
from mtl_keras.experiments.results import score
from mtl_keras.experiments.training import one_cycle, sgd, train

TITLE = "A perceptron for several picture tasks"
TASKS = ["digit", "parity", "large", "picture", "box"]
FRACTIONS = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
SCALES = {
    "smoke": {
        **plan.SMOKE, "pictures": "sample/digits", "others": ["sample/drawings"], "width": 16,
        "decoder": 4,
    },
    "laptop": {
        "pictures": "mnist", "others": ["fashion_mnist", "cifar10"], "examples": 5_000,
        "epochs": 5, "batch_size": 32, "width": 256, "decoder": 8, **plan.LAPTOP,
    },
    "full": {
        "pictures": "mnist", "others": ["fashion_mnist", "cifar10"], "examples": None, "epochs": 10,
        "batch_size": 32, "width": 256, "decoder": 16,
    },
}  # fmt: skip
DIMENSIONS = [name for name in baselines.PICTURES if name.startswith(("k-means", "PCA", "LDA"))]


def variants(scale):
    """Returns dict variant -> dict row -> settings."""
    sizes = dict(SCALES[scale])
    others = sizes.pop("others")
    article = {
        "scale": scale, **plan.TRAINING, "optimizer": sgd(0.01), "robustness": True, **sizes,
    }  # fmt: skip
    tuned = {**article, "optimizer": one_cycle(0.002)}
    found = {
        "article": plan.joint_and_alone(article, TASKS, reduced=True),
        "tuned": plan.joint_and_alone(tuned, TASKS),
        "fractions": _fractions(tuned),
    }
    for name in others:
        short = name.removeprefix("sample/")
        found[short] = plan.joint_and_alone({**tuned, "pictures": name}, TASKS[:4], ["digit"])
    drawn = {**tuned, "pictures": "drawn folders", "robustness": False}
    found["folders"] = plan.joint_and_alone(drawn, ["digit", "picture"], ["digit"])
    keys = ("scale", "pictures", "examples", "batch_size", "test_rows")
    data = {key: article[key] for key in keys}
    found["baselines"] = {
        name: {**data, "tasks": ["digit"], "baseline": name} for name in DIMENSIONS
    }
    return found


def _fractions(settings):
    """Joint and alone with a part of the training rows, and up to 20 times the epochs instead."""
    rows = {}
    everything = settings["examples"] or 54_000
    for fraction in FRACTIONS:
        part = {"examples": max(16, round(fraction * everything)), "robustness": False}
        longer = 1 if settings["scale"] == "smoke" else min(20, everything / part["examples"])
        part["epochs"] = round(longer * settings["epochs"])
        for row, made in plan.joint_and_alone({**settings, **part}, TASKS[:4], ["digit"]).items():
            rows[f"{row}, {100 * fraction:g} %"] = made
    return rows


def load(seed, data_dir, *, pictures, examples, batch_size):
    """Returns the data of the five tasks; `pictures` is a data set, a folder or a CSV file."""
    if pictures == "drawn folders":
        with tempfile.TemporaryDirectory() as folder:
            draw_folders(folder)
            return load(seed, data_dir, pictures=folder, examples=examples, batch_size=batch_size)
    sides = {side: side for side in canvas_digits.SIDES}
    data = mtl.data.load(
        digit=pictures,
        box=mtl.data.Source("sample/canvas_digits", labels=sides),
        batch_size=min(batch_size, examples or batch_size),
        examples=examples,
        seed=seed,
        data_dir=data_dir,
    )

    def of_class(function):
        return lambda x, y: known(y["digit"], tf.cast(function(y["digit"]), tf.int32))

    return Derived(
        data,
        {
            "digit": None,
            "parity": classes("digit", of_class(lambda number: number % 2), ["even", "odd"]),
            "large": classes("digit", of_class(lambda number: number >= 5), ["below 5", "5 up"]),
            "picture": picture("digit", "digit_image"),
            "box": Task("top", _box, keras.losses.MeanSquaredError(), ["mae"]),
        },
    )


def _box(x, y):
    """The sides of the box in parts of the canvas."""
    sides = tf.stack([y[side] for side in canvas_digits.SIDES], axis=-1)
    return known(y["top"], tf.cast(sides, tf.float32) / canvas_digits.SIZE)


def draw_folders(folder, pictures=400):
    """Draws pictures of three kinds into a folder of their own each, as PNG files.

    Args:
        folder: path.
        pictures: int, how many of each kind. Defaults to 400, all of them.
    """
    inputs, labels = mtl.data.samples.load("drawings")["train"]
    for number, kind in enumerate(("circle", "square", "triangle")):
        place = Path(folder) / kind
        place.mkdir(parents=True)
        chosen = inputs["image"][labels["label"] == number][:pictures]
        for index, image in enumerate(chosen):
            keras.utils.save_img(place / f"{index}.png", image, scale=False)


def build(settings, data):
    """Returns the model of the tasks that are asked for."""
    x, tasks = data.inputs(), settings["tasks"]
    trunk = mtl.trunks.mlp((max(1, round(settings["budget"] * settings["width"])),))
    shape = x["digit_image"].shape[1:] if "digit_image" in x else None
    heads = {
        "digit": lambda: mtl.heads.classification(data.outputs["digit"], "digit"),
        "parity": lambda: mtl.heads.binary("parity"),
        "large": lambda: mtl.heads.binary("large"),
        "picture": lambda: mtl.heads.reconstruction(shape, settings["decoder"], name="picture"),
        "box": lambda: mtl.heads.regression(4, name="box"),
    }
    outputs = {
        task: heads[task]()(trunk(x["box_image" if task == "box" else "digit_image"]))
        for task in tasks
    }
    used = {"box_image" if task == "box" else "digit_image" for task in tasks}
    return mtl.MultiTaskModel({name: x[name] for name in used}, outputs)


def run(settings, seed, data, folder):
    """Trains one row, or fits a model of scikit-learn, and returns what it came to."""
    if "baseline" in settings:
        rows = []
        for split in ("train", "test"):
            inputs, labels = data.raw("digit", split)
            few = slice(settings["test_rows"] if split == "test" else None)
            rows.append((inputs["digit_image"][few], labels[few]))
        names = data.class_names["digit"]
        found = baselines.fit(settings["baseline"], seed, *rows, names)
        examples = {"digit": {**data.examples["digit"], **found.pop("examples")}}
        return {**found, "examples": examples, "tasks": {"digit": found.pop("result")}}
    data = data.only(*settings["tasks"])
    return train(build(settings, data), data, settings)


def verdicts(results):
    """Returns what the results say of C1, C4 and C5."""
    found = claims.raises_accuracy(results, ("article", "tuned"))
    found += claims.costs_less(results, "article", alone=[f"{task} alone" for task in TASKS])
    for variant in ("article", "tuned"):
        found += claims.generalises(results, variant, TASKS[:3])
    for fraction in FRACTIONS[:4]:
        joint, alone = (f"{row}, {100 * fraction:g} %" for row in ("joint", "digit alone"))
        if results.has("fractions", joint, alone):
            change = results.difference(("fractions", joint), ("fractions", alone), score("digit"))
            aspect = f"{100 * fraction:g} % of the rows: digit, joint minus alone"
            found.append(claims.difference("C4", aspect, change))
    for name in DIMENSIONS:
        for variant in ("article", "tuned"):
            if results.has(variant, "digit alone") and results.has("baselines", name):
                pair = (variant, "digit alone"), ("baselines", name)
                change = results.difference(*pair, score("digit"))
                aspect = f"{variant} perceptron minus {name}"
                found.append(claims.difference("C5", aspect, change))
    return found


def figures(results):
    """Returns the accuracy of the digits against the part of the training rows."""
    lines = {
        row: [
            results.interval("fractions", f"{row}, {100 * fraction:g} %", score("digit"))
            for fraction in FRACTIONS
        ]
        for row in ("joint", "digit alone")
    }
    if "fractions" not in results.runs:
        return {}
    percent = [100 * fraction for fraction in FRACTIONS]
    return {"label_fractions": against(percent, lines, "% of the training rows", "digit accuracy")}
