"""MultiMNIST after Kurin et al.: weighting methods and single tasks on overlaid digits.

    python -m mtl_keras.experiments.multi_mnist --methods equal pcgrad --seeds 1 2 3
    python -m mtl_keras.experiments.multi_mnist --table

The result of each run is one JSON; a finished run is read, not done again, and one that was
interrupted goes on where it stopped.
"""

import argparse
import math
import shutil
import sys
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

import mtl_keras as mtl
from mtl_keras import clock
from mtl_keras.evaluation import cost, results, single_task
from mtl_keras.experiments import kurin_methods, multi_mnist_table, overlay

TASKS = ("left", "right")
SINGLES = {f"single_{task}": task for task in TASKS}
EPOCHS = 100
BATCH = 256


def build(side=28):
    """Returns the network of the recipe, uncompiled: LeNet, and two layers a task.

    Dropped channels and units are not made up for by scaling. Kernels and biases start as
    PyTorch's do, uniform within 1 / sqrt(inputs of a unit).

    Args:
        side: int, height and width of the pictures. Defaults to 28.

    Example:
        >>> model = build()
        >>> model.tasks, model.count_params()
        (['left', 'right'], 27450)
    """
    x = keras.Input((side, side, 1), name="image")
    features = mtl.trunks.lenet((side, side), channel_dropout=0.5)(x)
    outputs = {}
    for task in TASKS:
        hidden = layers.Dense(50, activation="relu", name=f"{task}_hidden")(features)
        hidden = mtl.trunks.UnscaledDropout(0.5, name=f"{task}_dropout")(hidden)
        outputs[task] = layers.Dense(10, name=task)(hidden)
    model = mtl.MultiTaskModel(x, outputs)
    for layer in model.layers:
        if layer.weights:
            limit = 1 / math.sqrt(math.prod(layer.kernel.shape[:-1]))
            for variable in (layer.kernel, layer.bias):
                draw = keras.initializers.RandomUniform(-limit, limit)
                variable.assign(draw(variable.shape))
    return model


def batches(pictures, labels, seed=None):
    """Returns batches of 256 rows, the last one smaller, normalised as the recipe says.

    Args:
        pictures: uint8 array `(n, height, width, 1)`.
        labels: dict task -> int array `(n,)`.
        seed: int, for an order that is a function of (seed, epoch). Defaults to `None`, as given.
    """
    rows = len(pictures)
    with tf.device("CPU"):
        pictures, labels = tf.constant(pictures), tf.nest.map_structure(tf.constant, labels)
    epoch = clock.epoch()

    @tf.autograph.experimental.do_not_convert
    def order(_):
        index = tf.range(rows)
        if seed is not None:
            key = tf.stack([seed, tf.cast(epoch.read_value(), tf.int32)])
            index = tf.random.experimental.stateless_shuffle(index, key)
        return tf.data.Dataset.from_tensor_slices(index)

    @tf.autograph.experimental.do_not_convert
    def gather(index):
        picked = tf.cast(tf.gather(pictures, index), tf.float32) / 255
        found = {task: tf.gather(array, index) for task, array in labels.items()}
        return {"image": (picked - 0.1307) / 0.3081}, found

    index = tf.data.Dataset.range(1).flat_map(order)
    index = index.apply(tf.data.experimental.assert_cardinality(rows)).batch(BATCH)
    return mtl.data.without_autotune(index.map(gather, num_parallel_calls=1).prefetch(2))


class BestEpoch(keras.callbacks.Callback):
    """Keeps the weights of the best epoch by mean validation accuracy, the last of equals.

    It also logs the seconds of each epoch. A `Checkpoint` remembers all of it.
    """

    def __init__(self):
        super().__init__()
        self.best, self.best_epoch, self.best_weights = -1.0, None, None

    def on_epoch_begin(self, epoch, logs=None):
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = time.perf_counter() - self._began
        if logs["val_mean_score"] >= self.best:
            self.best, self.best_epoch = float(logs["val_mean_score"]), epoch
            self.best_weights = self.model.get_weights()


def run(method, seed, splits, name="mnist", epochs=EPOCHS, directory="results/multi_mnist"):
    """Returns the result of one run: from its file, or trained.

    Args:
        method: str, a key of `kurin_methods.METHODS`, a name of `weighting.names()`,
            `"single_left"` or `"single_right"`.
        seed: int, of weights, order and masks.
        splits: what `overlay.overlaid` returned.
        name: str, name of the set.
        epochs: int. Defaults to 100; fewer are called reduced in the result.
        directory: str or path of the results.

    Returns:
        dict, as `evaluation.results` describes; `"score"` is the mean test accuracy at the best
        validation epoch.
    """
    keras.utils.set_random_seed(seed)
    model = build(splits["train"][0].shape[1])
    options = {}
    if method in SINGLES:
        model = single_task(model, SINGLES[method])
    else:
        options = kurin_methods.get(method).options(model.tasks)
        options["weighting"] = mtl.weighting.get(options["weighting"])
    configuration = {
        "experiment": "multi_mnist",
        "pictures": name,
        "checksum": overlay.checksum(splits),
        "method": method,
        "options": results.plain({k: _config(v) for k, v in options.items()}),
        "model": results.fingerprint(model),
        "optimizer": "Adam, 0.01 x 0.95 each epoch, epsilon 1e-8",
        "batch_size": BATCH,
        "epochs": epochs,
        "protocol": "published" if epochs == EPOCHS else f"reduced: {epochs} of {EPOCHS} epochs",
    }
    stem = f"{name}-{method}-seed{seed}-{results.digest(configuration)}"
    path = Path(directory) / f"{stem}.json"
    if path.exists():
        return results.read(path)
    checkpoint = Path(directory) / f"{stem}.checkpoint"
    found = {
        "kind": "single" if method in SINGLES else "multi",
        "seed": seed,
        "configuration": configuration,
        "versions": results.versions(),
        "machine": results.machine(),
        "examples": {split: len(pictures) for split, (pictures, _) in splits.items()},
        **cost(model)._asdict(),
        **_train(model, options, seed, splits, epochs, checkpoint),
    }
    results.write(path, found)
    shutil.rmtree(checkpoint, ignore_errors=True)
    return results.read(path)


def _config(value):
    return value.get_config() if hasattr(value, "get_config") else value


def _train(model, options, seed, splits, epochs, checkpoint):
    """Trains a model and tests the weights of its best epoch."""
    sets = {
        split: batches(
            pictures,
            {task: labels[task] for task in model.tasks},
            seed if split == "train" else None,
        )
        for split, (pictures, labels) in splits.items()
    }
    steps = int(sets["train"].cardinality())
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, steps, 0.95, staircase=True)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(
        keras.optimizers.Adam(rate, epsilon=1e-8),
        loss=loss,
        metrics=["accuracy"],
        jit_compile=False,  # on a CPU XLA takes twice the time for this network
        **options,
    )
    best = BestEpoch()
    history = model.fit(
        sets["train"],
        validation_data=sets["validation"],
        epochs=epochs,
        callbacks=[best, mtl.callbacks.Checkpoint(checkpoint)],
        verbose=0,
    ).history
    model.set_weights(best.best_weights)
    test = model.evaluate(sets["test"], verbose=0, return_dict=True)
    scores = {task: test[f"{task}_accuracy"] for task in model.tasks}
    return {
        "seconds": sum(history["seconds"]),
        "best_epoch": best.best_epoch,
        "history": history,
        "test": test,
        "tasks": {task: {"metric": "accuracy", "score": s} for task, s in scores.items()},
        "score": float(np.mean(list(scores.values()))),
    }


def main(arguments=None):
    """Does the runs that are asked for and prints the table of all that are there."""
    parser = argparse.ArgumentParser(prog="multi_mnist", description=__doc__.split("\n")[0])
    methods = [*kurin_methods.METHODS, *SINGLES]
    parser.add_argument("--methods", nargs="+", default=methods, metavar="NAME")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(1, 11)), metavar="N")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="default: 100, the published")
    parser.add_argument("--set", default="mnist", choices=overlay.SETS, help="default: mnist")
    parser.add_argument("--data-dir", help="of TensorFlow Datasets; default: TFDS_DATA_DIR")
    parser.add_argument("--out", default="results/multi_mnist", metavar="FOLDER")
    parser.add_argument("--table", action="store_true", help="only print the table")
    options = parser.parse_args(arguments)
    if not options.table:
        splits = overlay.overlaid(options.set, options.data_dir)
        for seed in options.seeds:
            for method in options.methods:
                found = run(method, seed, splits, options.set, options.epochs, options.out)
                line = f"{method}, seed {seed}: {found['score']:.4f}, {found['seconds']:.0f} s"
                print(line, file=sys.stderr, flush=True)
    found = [results.read(path) for path in sorted(Path(options.out).glob(f"{options.set}-*.json"))]
    print(multi_mnist_table.markdown(found))


if __name__ == "__main__":
    main()
