"""One model of all kinds of task, and a batch that misses labels."""

import keras
import numpy as np

import mtl_keras as mtl

RANDOM = np.random.default_rng(0)
PARENTS = [0, 0, 1]


def build(tasks=None):
    """Returns the uncompiled model, and the losses and metrics of its heads by task.

    `tasks`: some of them; the coarse and fine classes always come together.
    """
    keras.utils.set_random_seed(0)
    x = keras.Input((8, 8, 1), name="picture")
    places = keras.layers.Conv2D(4, 3, 2, "same", activation="relu", name="trunk")(x)
    features = keras.layers.GlobalAveragePooling2D(name="pool")(places)
    heads = [
        mtl.heads.classification(3, name="kind"),
        mtl.heads.binary(name="odd"),
        mtl.heads.multi_label(4, name="marks"),
        mtl.heads.regression(2, name="place"),
        mtl.heads.dense(3, (8, 8), name="parts"),
        mtl.heads.reconstruction((8, 8, 1), width=4, name="copy"),
        mtl.heads.reconstruction((8, 8, 1), width=4, loss="bce", name="sketch"),
    ]
    heads = [head for head in heads if tasks is None or head.name in tasks]
    maps = ("parts", "copy")
    outputs = {head.name: head(places if head.name in maps else features) for head in heads}
    pair = mtl.heads.hierarchical(PARENTS, coarse="family", fine="species")
    outputs |= pair(features)
    losses = pair.loss | {head.name: head.loss for head in heads}
    metrics = pair.metrics | {head.name: head.metrics for head in heads}
    return mtl.MultiTaskModel(x, outputs), {"loss": losses, "metrics": metrics}


def batch(rows=4):
    """Returns inputs and labels, some of them missing, all of `species`."""
    pictures = RANDOM.random((rows, 8, 8, 1)).astype("float32")
    parts = RANDOM.integers(-1, 3, (rows, 8, 8))
    holes = np.where(RANDOM.random(pictures.shape) < 0.2, np.nan, pictures).astype("float32")
    labels = {
        "kind": np.array([0, -1, 2, 1]),
        "odd": np.array([1, 0, -1, -1]),
        "marks": RANDOM.integers(-1, 2, (rows, 4)),
        "place": np.array([[0.5, np.nan], [np.nan] * 2, [1, 2], [0, 1]], "float32"),
        "parts": parts,
        "copy": holes,
        "sketch": holes,
        "family": np.array([0, 1, -1, 0]),
        "species": np.full(rows, -1),
    }
    return {"picture": pictures}, labels


def check_step(weighting=None, **options):
    """Trains a step with missing labels; returns the model."""
    model, compiled = build()
    model.compile("sgd", **compiled, weighting=weighting, **options)
    before = {v.path: v.numpy() for v in model.trainable_variables}
    logs = model.fit(*batch(), verbose=0).history
    absent = {"species_loss", "species_accuracy"}
    assert {name for name, (value,) in logs.items() if np.isnan(value)} == absent
    assert {"marks_auc", "parts_mean_iou", "copy_psnr", "place_mae", "family_accuracy"} < set(logs)
    still = ["species"]
    if weighting == "trimmed_mean":  # Where one of all gradients is not 0, it is an extreme.
        still.append("family")
    for variable in model.trainable_variables:
        moved = np.any(variable.numpy() != before[variable.path])
        stays = variable.path.startswith(tuple(still))
        assert moved != stays, variable.path
    return model
