"""Fusion of features, of networks and of sensors.

Article: "Image classification based on multi-task learning: model fusion and better performance".
Data: MNIST, CIFAR-10; smart-home pictures of doors and windows from several sensors. Networks:
auto-encoders, DeepLab V3+, Inception-v3; VGG16 and ResNet with attention.

Protocol. CIFAR-10; tasks `objects`, the class, `coarse`, animal or vehicle, and `picture`, make it
again. Features: the picture, its edges (Sobel, Laplacian), its texture (local binary patterns, a
Gabor bank), a denoised copy (Gaussian blur); each alone, all fused, each left out; two convolutions
for each. Networks on the picture, and their ensembles by average, weighted average, product, vote
and stacking, weighted and fitted on validation rows. The smart-home case on the bundled
`sample/smart_home`: 64x64x1, three sensors of which some have failed, binary cross-entropy. Unequal
classes with and without over-sampling. Transfer: a trunk trained on another data set, frozen or
trained on. As the article has it: batch 32, 10 epochs; it names no optimizer: Adam here. One tenth
of the training rows selects the epoch; test rows are used once.

The article gives no measured table.

Broken there: the output is not connected to the input; one ReLU unit with binary cross-entropy;
`Model` takes no loss; 64x64x1 input against 32x32x3 data. Instead: the models of `fusion_models`.
"""

import numpy as np
import tensorflow as tf

import mtl_keras as mtl
from mtl_keras.data.samples import smart_home
from mtl_keras.evaluation import results as files
from mtl_keras.experiments import claims, ensembles, fusion_models, plan
from mtl_keras.experiments.data_classification import parents_of
from mtl_keras.experiments.derived import Derived, classes, known, picture
from mtl_keras.experiments.imbalance import imbalanced
from mtl_keras.experiments.results import robust, score
from mtl_keras.experiments.training import adam, first, one_cycle, train

TITLE = "Fusion of features, networks and sensors"
TASKS = ["objects", "coarse", "picture"]
HOME = ["kind", "state"]
FEATURES = ("picture", "edges", "texture", "denoised")
SCALES = {
    "smoke": {
        **plan.SMOKE, "pictures": "sample/drawings", "source": "sample/drawings", "width": 2,
    },
    "laptop": {
        "pictures": "cifar10", "source": "sample/drawings", "examples": 2_000, "epochs": 4,
        "batch_size": 32, "width": 4, **plan.LAPTOP, "validation_rows": 512, "test_rows": 2_560,
        "disturbed_rows": 512,
    },
    "full": {
        "pictures": "cifar10", "source": "sample/drawings", "examples": None, "epochs": 10,
        "batch_size": 32, "width": 16,
    },
}  # fmt: skip


def variants(scale):
    """Returns dict variant -> dict row -> settings."""
    sizes = dict(SCALES[scale])
    source = sizes.pop("source")
    plain = {"scale": scale, **plan.TRAINING, "optimizer": adam(), "network": "small", **sizes}
    fused = {**plain, "tasks": TASKS, "robustness": True}
    features = {f"{name} alone": {**fused, "features": [name]} for name in FEATURES}
    features["all features"] = {**fused, "features": list(FEATURES)}
    for name in FEATURES:
        others = [other for other in FEATURES if other != name]
        features[f"without {name}"] = {**fused, "features": others}
    member = {**plain, "tasks": TASKS, "features": ["picture"], "robustness": False}
    members = {name: {**member, "network": name} for name in fusion_models.NETWORKS}
    networks = members | {
        f"ensemble: {how}": {**member, "ensemble": how, "members": members} for how in ensembles.HOW
    }
    home = {**plain, "pictures": "sample/smart_home", "features": list(smart_home.VIEWS)}
    home["width"] = max(1, plain["width"] // 2)  # its pictures are twice as high and wide
    sensors = plan.joint_and_alone(home, HOME, reduced=True)
    for view in smart_home.VIEWS:
        sensors[f"{view} only"] = {**home, "features": [view], "tasks": HOME}
    uneven = {**member, "least": 0.1}
    # A head alone on a frozen trunk learns next to nothing at the article's 0.001 in so few steps.
    moved = {**member, "tasks": ["objects"], "source": source, "optimizer": one_cycle(0.02)}
    return {
        "article": plan.joint_and_alone({**plain, "features": list(FEATURES)}, TASKS, reduced=True),
        "features": features,
        "networks": networks,
        "smart_home": sensors,
        "imbalanced": {
            "as they are": uneven,
            "over-sampled": {**uneven, "oversample": True},
        },
        "transfer": {how: {**moved, "transfer": how} for how in fusion_models.TRANSFERS},
    }


def load(seed, data_dir, *, pictures, examples, batch_size, least=1.0, oversample=False,
         source=None):  # fmt: skip
    """Returns the data: pictures with three tasks, or the scenes of `sample/smart_home`."""
    options = {"examples": examples, "batch_size": batch_size, "seed": seed, "data_dir": data_dir}
    if pictures == "sample/smart_home":
        return _home(options)
    more = {"source": source} if source else {}
    data = mtl.data.load(objects=pictures, **more, **options)
    coarse, parents = parents_of(data.class_names["objects"])

    def kind(x, y):
        return known(y["objects"], tf.gather(parents, tf.maximum(y["objects"], 0)))

    tasks = {
        "objects": None,
        "coarse": classes("objects", kind, coarse),
        "picture": picture("objects", "objects_image"),
        **dict.fromkeys(more),
    }
    rows = imbalanced(data, "objects", least, oversample) if least < 1 else None
    return Derived(data, tasks, train=rows)


def _home(options):
    """Scenes whose failed sensors, all black, are absent: NaN, as `mtl.fusion.optional` has it."""
    labels = {"kind": "label", "state": "state"}
    data = mtl.data.load(home=mtl.data.Source("sample/smart_home", labels=labels), **options)

    def failed(view):
        return tf.reduce_max(view, axis=(1, 2, 3), keepdims=True) == 0

    def change(x, y):
        return {name: tf.where(failed(view), np.nan, view) for name, view in x.items()}

    return Derived(data, dict.fromkeys(HOME), change)


def run(settings, seed, data, folder):
    """Trains one row, or joins the networks' answers, and returns what it came to."""
    keep = folder / "predictions"
    if "ensemble" in settings:
        members = [keep / _file(member, seed) for member in settings["members"].values()]
        return ensembles.join(settings["ensemble"], members, data.only("objects"))
    if "transfer" in settings:
        return _transfer(settings, data)
    data = data.only(*settings["tasks"])
    model = fusion_models.build(settings, data)
    found = train(model, data, settings)
    if settings["network"] != "small":
        data = data.only("objects")
        rows = {split: first(data, split, settings[f"{split}_rows"]) for split in ensembles.SPLITS}
        ensembles.keep(keep / _file(settings, seed), model, rows)
    return found


def _file(settings, seed):
    return f"{settings['network']}-seed{seed}-{files.digest(settings)}.npz"


def _transfer(settings, data):
    """Trains the trunk on the source first, unless from scratch, then the objects."""
    model = fusion_models.on_trunk(settings, data.only("objects"))
    if settings["transfer"] != "from scratch":
        first = fusion_models.on_trunk(settings, data.only("source"))
        train(first, data.only("source"), settings)
        fusion_models.move(first, model)
    if settings["transfer"] == "frozen":
        mtl.trunks.freeze(model, fusion_models.MOVED)
    return train(model, data.only("objects"), settings)


def verdicts(results):
    """Returns what the results say of C1, C4 and C6."""
    found = claims.raises_accuracy(results, ("article", "smart_home"))
    found += claims.costs_less(results, "article", alone=[f"{task} alone" for task in TASKS])
    found += claims.generalises(results, "article", TASKS[:2])
    every = ("features", "all features")
    for row in results.runs.get("features", {}):
        if row != "all features" and results.has(*every):
            for what, read in (("objects", score), ("objects, disturbed", robust)):
                change = results.difference(every, ("features", row), read("objects"))
                found.append(claims.difference("C6", f"all features minus {row}: {what}", change))
    singles = [n for n in fusion_models.NETWORKS if results.has("networks", n)]
    for how in ensembles.HOW if singles else ():
        name = max(singles, key=lambda n: results.interval("networks", n, score("objects")).mean)
        pair = ("networks", f"ensemble: {how}"), ("networks", name)
        if results.has(*pair[0]):
            change = results.difference(*pair, score("objects"))
            aspect = f"ensemble by {how} minus {name}, the best network: objects"
            found.append(claims.difference("C6", aspect, change))
    return found


def figures(results):
    """There are no figures besides those that every report has."""
    return {}
