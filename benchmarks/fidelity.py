"""What is lost where a gradient method looks elsewhere, on less, or more rarely.

    python benchmarks/fidelity.py [--json results/jacobian_fidelity.json]

Twenty binary tasks on CIFAR-10 (each class against the rest; ten halves of the classes), pictures
at mean 0 and deviation 1, a VGG-like trunk, plain or with batch normalisation, Adam. A model is
trained with the method at the features. In some stretches of the run, every setting of `Jacobian`
is asked on the same batch and variables for its weights, and the cosine between its update of the
shared parameters and the exact one is taken: wᵀGv / (√wᵀGw √vᵀGv), with G the exact Gramian of the
whole batch. With `every=32` the weights are those of the start of the stretch. Random methods are
compared given the same draws. `equal` is the cosine of the plain sum, for comparison.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import networks
import numpy as np
import tensorflow as tf

import mtl_keras as mtl
from mtl_keras.evaluation import results

TASKS, BATCH, EVERY = 20, 128, 32
MEAN, DEVIATION = 0.47, 0.25  # of CIFAR-10
NETWORKS = {"vgg_like": {}, "vgg_like_bn": {"batch_norm": True}}
OFFSETS = (0, 8, 16, 24, 31)
METHODS = ("pcgrad", "upgrad", "cagrad")
SETTINGS = {
    "features": mtl.Jacobian(at="features"),
    "last_block": mtl.Jacobian(at="last_block"),
    "fraction=1/16": mtl.Jacobian(fraction=1 / 16),
}
EXACT = mtl.Jacobian()


class Recorder(mtl.weighting.GramianWeighting):
    """Keeps the Gramian that a step saw."""

    def setup(self):
        shape = (self.num_tasks,) * 2
        self.seen = self.add_weight(shape=shape, dtype="float64", trainable=False)

    def weights(self, gramian):
        self.seen.assign(gramian)
        return tf.ones([self.num_tasks])


def binary_labels(classes):
    """Dict task -> 0 or 1: each class against the rest, then ten halves of the ten classes."""
    rng = np.random.default_rng(0)
    positive = [[c] for c in range(10)] + [rng.permutation(10)[:5] for _ in range(10)]
    return {f"task{i}": np.isin(classes, p).astype("int32") for i, p in enumerate(positive)}


def batches(rows, steps):
    """Yields batches of the first rows of CIFAR-10's training part, shuffled each epoch."""
    import tensorflow_datasets as tfds

    found = tfds.as_numpy(tfds.load("cifar10", split=f"train[:{rows}]", batch_size=-1))
    x = (found["image"].astype("float32") / 255 - MEAN) / DEVIATION
    y = binary_labels(found["label"])
    rng, done = np.random.default_rng(0), 0
    while True:
        order = rng.permutation(rows)
        for start in range(0, rows - BATCH + 1, BATCH):
            part = order[start : start + BATCH]
            yield x[part], {task: labels[part] for task, labels in y.items()}
            done += 1
            if done == steps:
                return


def compiled(model, optimizer, method, jacobian):
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(
        optimizer,
        loss=dict.fromkeys(model.tasks, loss),
        weighting=method,
        jacobian=jacobian,
        jit_compile=False,
    )
    return model


class Probes:
    """A model for each setting over the variables of one model; they record Gramians."""

    def __init__(self, model):
        self._models = {
            name: compiled(
                mtl.MultiTaskModel(model.input, dict(model.output)),
                keras.optimizers.SGD(0.0),
                Recorder(),
                jacobian,
            )
            for name, jacobian in {"exact": EXACT, **SETTINGS}.items()
        }

    def gramian(self, setting, batch):
        model = self._models[setting]
        model.train_on_batch(*batch)
        return model.weighting.seen.numpy()


def decider(name, tasks):
    """Returns a function Gramian -> weights, with the same draws at each call."""
    if name == "equal":
        return lambda gramian: np.ones(len(tasks))
    options = {"seed": 0} if name == "pcgrad" else {}
    method = type(mtl.weighting.get(name))(**options)
    method.build(tasks)
    first = [v.numpy() for v in method.non_trainable_variables]

    def decide(gramian):
        for variable, value in zip(method.non_trainable_variables, first):
            variable.assign(value)
        return method(losses=np.ones(len(tasks)), gramian=gramian).numpy().astype(float)

    return decide


def cosine(gramian, one, other):
    product = one @ gramian @ other
    return float(product / np.sqrt((one @ gramian @ one) * (other @ gramian @ other)))


def run(model, probes, name, args):
    """Dict setting -> list of cosines, one list for each stretch of the run."""
    decide, equal = decider(name, model.tasks), decider("equal", model.tasks)
    starts = np.linspace(0, args.steps - EVERY, args.stretches).astype(int)
    found = {setting: [] for setting in (*SETTINGS, f"every={EVERY}", "equal")}
    at_start, losses = None, []
    for step, batch in enumerate(batches(args.rows, args.steps)):
        start = max(s for s in starts if s <= step)
        if step - start in OFFSETS:
            gramian = probes.gramian("exact", batch)
            exact = decide(gramian)
            if step == start:
                at_start = exact
                for values in found.values():
                    values.append([])
            others = {s: decide(probes.gramian(s, batch)) for s in SETTINGS}
            others |= {f"every={EVERY}": at_start, "equal": equal(gramian)}
            for setting, weights in others.items():
                found[setting][-1].append(cosine(gramian, weights, exact))
        losses.append(float(model.train_on_batch(*batch, return_dict=True)["loss"]))
    return found, losses


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--networks", nargs="+", choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--stretches", type=int, default=4)
    parser.add_argument("--json")
    args = parser.parse_args()
    networks.one_core()
    for network in args.networks:
        keras.utils.set_random_seed(0)
        model = networks.vgg_like(TASKS, classes=1, **NETWORKS[network])
        variables = model.variables  # later also those of methods
        first, probes = [v.numpy() for v in variables], Probes(model)
        for name in args.methods:
            for variable, value in zip(variables, first):
                variable.assign(value)
            compiled(model, keras.optimizers.Adam(), name, mtl.Jacobian(at="features"))
            found, losses = run(model, probes, name, args)
            means = summary(found)
            for setting, row in means.items():
                shown = f"{row['mean']:.3f}, lowest {row['lowest']:.3f}"
                print(f"{network:12} {name:8} {setting:14} {shown}", flush=True)
            if args.json:
                write(args, network, name, {"cosine": means, "loss": [losses[0], losses[-1]]})


def summary(found):
    """The mean and the lowest cosine of every setting, and the means of the stretches."""
    return {
        setting: {
            "mean": float(np.mean(values)),
            "lowest": float(np.min(values)),
            "by_stretch": [float(np.mean(stretch)) for stretch in values],
        }
        for setting, values in found.items()
    }


def write(args, network, method, found):
    """Puts one method in the JSON file, beside those that are there."""
    done = results.read(args.json)["networks"] if Path(args.json).exists() else {}
    done.setdefault(network, {})[method] = found
    facts = {"tasks": TASKS, "batch": BATCH, "rows": args.rows, "steps": args.steps}
    facts |= {"stretches": args.stretches, "offsets": OFFSETS}
    versions = {"versions": results.versions(), "machine": results.machine()}
    command = "python benchmarks/fidelity.py"
    results.write(args.json, {"command": command, **facts, "networks": done, **versions})


if __name__ == "__main__":
    main()
