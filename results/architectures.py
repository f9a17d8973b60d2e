"""Every sharing architecture on real data: one common input, and one input for each task.

python results/architectures.py [common | separate] [--seeds 0 1 2] [--quick]

Writes a JSON file for each run into `results/architectures/` and a table of all to the screen. Runs
that are there are not done again. `--quick`: a few rows of each into a temporary folder. Needs
`TFDS_DATA_DIR` with the sets.

- `common`: CIFAR-10, ten classes and "is it a vehicle?", over the same pictures.
- `separate`: MNIST and Fashion-MNIST, each task with its own pictures.

10,000 training and 3,968 test rows of each set, 12 epochs, a narrow trunk. `no_sharing` is `cgc`
without shared experts, a trunk for each task. `ltb` searches in the second to the seventh epoch and
trains the tree after that; the entropy of `dselect_k` has its full weight in the last; both are
also tested hardened.
"""

import argparse
import functools
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import mtl_keras as mtl
from mtl_keras import architectures
from mtl_keras.evaluation import results
from mtl_keras.evaluation.cost import cost

HERE = Path(__file__).parent / "architectures"
ROWS, EPOCHS, WIDTH, BATCH = 10_000, 12, 4, 64
TEST_ROWS = 3968  # of 10,000, whole batches
VEHICLES = [0, 1, 8, 9]
SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
# Of the learning rate: few variables, whose gradients are small or noisy.
MULTIPLIERS = {
    architectures.CrossStitch: 100.0,
    architectures.Branch: 10.0,
    architectures.SelectK: 10.0,
}
BUILDERS = {
    "hard_sharing": (architectures.hard_sharing, {}),
    "no_sharing": (architectures.cgc, {"shared_experts": 0}),
    "cross_stitch": (architectures.cross_stitch, {}),
    "mmoe": (architectures.mmoe, {}),
    "cgc": (architectures.cgc, {}),
    "ple": (architectures.ple, {}),
    "mtan": (architectures.mtan, {}),
    "dselect_k": (architectures.dselect_k, {}),
    "ltb": (architectures.ltb, {}),
}


@functools.cache
def load(seed, rows, **sets):
    return mtl.data.load(examples=rows, validation=0, seed=seed, batch_size=BATCH, **sets)


def common(rows, seed):
    """(train, test, inputs, task -> classes, task -> input) of CIFAR-10 with two labels."""
    data = load(seed, rows, classes="cifar10")

    def two_labels(x, y):
        vehicle = np.isin(np.arange(10), VEHICLES).astype("int32")
        # Rows that fill up a last batch have no label.
        label = tf.where(y["classes"] < 0, -1, tf.gather(vehicle, tf.maximum(y["classes"], 0)))
        return x, {**y, "vehicle": label}

    x = data.inputs()
    inputs = dict.fromkeys(["classes", "vehicle"], x["classes_image"])
    train, test = data.train.map(two_labels), data.test.map(two_labels)
    return train, test.take(TEST_ROWS // BATCH), x, {"classes": 10, "vehicle": 2}, inputs


def separate(rows, seed):
    """The same of MNIST and Fashion-MNIST, a batch of each in every step."""
    data = load(seed, rows, digits="mnist", fashion="fashion_mnist")
    x = data.inputs()
    inputs = {"digits": x["digits_image"], "fashion": x["fashion_image"]}
    test = data.test.take(TEST_ROWS // BATCH)
    return data.train, test, x, {"digits": 10, "fashion": 10}, inputs


SETTINGS = {"common": common, "separate": separate}


def run(setting, architecture, seed, rows, epochs):
    """Trains one model and returns its result."""
    train, test, x, classes, inputs = SETTINGS[setting](rows, seed)
    keras.utils.set_random_seed(seed)
    build, options = BUILDERS[architecture]
    share = build(lambda name: mtl.trunks.conv_trunk(WIDTH, name=name), list(classes), **options)
    features = share(inputs)
    outputs = {t: keras.layers.Dense(n, name=t)(features[t]) for t, n in classes.items()}
    model = mtl.MultiTaskModel(x, outputs)
    optimizer = mtl.presets.optimizer(steps=epochs * len(train))
    multipliers = {
        layer.name: MULTIPLIERS[type(layer)] for layer in model.layers if type(layer) in MULTIPLIERS
    }
    model.compile(
        optimizer, SPARSE, metrics="accuracy", jit_compile=False,
        learning_rate_multipliers=multipliers or None,
    )  # fmt: skip
    schedules = {
        "dselect_k": architectures.EntropySchedule(epochs, weight=1.0),
        "ltb": architectures.BranchSchedule(search=max(1, epochs // 2), warm_up=1),
    }
    callbacks = [schedules[architecture]] if architecture in schedules else []
    start = time.process_time()
    history = model.fit(train, epochs=epochs, callbacks=callbacks, verbose=0).history
    seconds = time.process_time() - start
    found = {
        "setting": setting,
        "architecture": architecture,
        "options": options,
        "seed": seed,
        "rows": rows,
        "test_rows": TEST_ROWS,
        "epochs": epochs,
        "trunk": f"conv_trunk({WIDTH})",
        "batch": BATCH,
        "learning_rate_multipliers": multipliers,
        "cpu_seconds": seconds,
        **cost(model)._asdict(),
        "history": history,
        "accuracy": accuracy(model, test, classes),
    }
    if architecture in schedules:
        hard = architectures.harden(model)
        found["hardened"] = {
            "accuracy": accuracy(hard, test, classes), **cost(hard)._asdict()
        }  # fmt: skip
    batch, _ = next(iter(test.unbatch().batch(500)))
    found["mixing"] = architectures.mixing(model, batch)
    return found


def accuracy(model, test, tasks):
    """Test accuracy by task."""
    logs = model.evaluate(test, verbose=0, return_dict=True)
    return {task: logs[f"{task}_accuracy"] for task in tasks}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("settings", nargs="*", choices=[*SETTINGS, []], help="default: all")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp()) if args.quick else HERE
    rows, epochs = (BATCH * 2, 2) if args.quick else (ROWS, EPOCHS)
    for seed in args.seeds:
        for setting in args.settings or SETTINGS:
            for architecture in BUILDERS:
                path = folder / f"{setting}-{architecture}-seed{seed}.json"
                if path.exists():
                    continue
                found = run(setting, architecture, seed, rows, epochs)
                versions = {"versions": results.versions(), "machine": results.machine()}
                results.write(path, found | versions)
                print(path.name, found["accuracy"], f"{found['cpu_seconds']:.0f} CPU s", flush=True)
    print(table(folder))


def table(folder=HERE):
    """Test accuracy, parameters, FLOPs and CPU time, means over the seeds that are there."""
    groups = {}
    for path in sorted(folder.glob("*-seed*.json")):
        found = results.read(path)
        groups.setdefault((found["setting"], found["architecture"]), []).append(found)
    lines = []
    for setting in SETTINGS:
        runs = {name: groups[setting, name] for name in BUILDERS if (setting, name) in groups}
        if not runs:
            continue
        first = next(iter(runs.values()))[0]
        tasks = list(first["accuracy"])
        lines += [
            f"{setting}: {first['rows']:,} rows, {first['epochs']} epochs, {first['trunk']}",
            "",
            f"| architecture | seeds | {' | '.join(tasks)} | parameters | MFLOPs | CPU s |",
            "|---|---|" + "---|" * (len(tasks) + 3),
        ]
        for name, found in runs.items():
            seconds = np.mean([run["cpu_seconds"] for run in found])
            lines.append(_row(name, found, tasks, f"{seconds:.0f}"))
            if "hardened" in found[0]:
                lines.append(_row(f"{name}, hardened", [run["hardened"] for run in found], tasks))
        lines.append("")
    return "\n".join(lines)


def _row(name, found, tasks, seconds=""):
    scores = [_percent([run["accuracy"][task] for run in found]) for task in tasks]
    parameters, flops = found[0]["parameters"], found[0]["flops"] / 1e6
    cells = [name, len(found), *scores, f"{parameters:,}", f"{flops:.1f}", seconds]
    return f"| {' | '.join(map(str, cells))} |"


def _percent(scores):
    """The mean, with two seeds or more also the standard deviation."""
    spread = f" ± {100 * np.std(scores, ddof=1):.1f}" if len(scores) > 1 else ""
    return f"{100 * np.mean(scores):.1f}{spread} %"


if __name__ == "__main__":
    main()
