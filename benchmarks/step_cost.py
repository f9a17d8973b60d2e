"""What a step of ours costs beside the plain Keras step, interleaved in one process.

    python benchmarks/step_cost.py [--steps 100] [--width 16] [--json results/step_cost.json]

Three questions, each a ratio of medians of CPU time over interleaved steps: what masking, running
means and put-back cost where every label is present; what PCGrad costs over disjoint inputs; how
much of a training step waits for data.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import mtl_keras as mtl
from mtl_keras import presets
from mtl_keras.evaluation import results

BATCH = 128
COMMAND = "python benchmarks/step_cost.py"


def build(cls, width, **options):
    """A trunk over pictures of two kinds, a text branch, four tasks: one model of `cls`."""
    keras.utils.set_random_seed(0)
    digits = keras.Input((28, 28, 1), name="digits_image")
    objects = keras.Input((32, 32, 3), name="objects_image")
    topics = keras.Input((50,), dtype="int32", name="topics_text")
    trunk = mtl.trunks.conv_trunk(width)
    text = mtl.text.embedding_branch(10_000)
    outputs = {
        "digits": keras.layers.Dense(10, name="digits")(trunk(digits)),
        "objects": keras.layers.Dense(10, name="objects")(trunk(objects)),
        "topics": keras.layers.Dense(4, name="topics")(text(topics)),
    }
    model = cls({x.name: x for x in (digits, objects, topics)}, outputs)
    loss = {t: keras.losses.SparseCategoricalCrossentropy(from_logits=True) for t in outputs}
    metrics = {
        t: [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
        if cls is keras.Model
        else ["accuracy"]
        for t in outputs
    }
    model.compile("adam", loss=loss, metrics=metrics, **options)
    return model


def batch():
    """One batch of noise with every label present."""
    rng = np.random.default_rng(0)
    x = {
        "digits_image": rng.random((BATCH, 28, 28, 1), np.float32),
        "objects_image": rng.random((BATCH, 32, 32, 3), np.float32),
        "topics_text": rng.integers(0, 10_000, (BATCH, 50), dtype=np.int32),
    }
    y = {
        name: rng.integers(0, n, BATCH, dtype=np.int32)
        for name, n in (("digits", 10), ("objects", 10), ("topics", 4))
    }
    return x, y


def interleaved(models, steps):
    """Median CPU seconds and median ratio to the first model, of steps taken in turn."""
    data = tf.data.Dataset.from_tensors(batch()).repeat()
    runs = {}
    for name, model in models.items():
        model.make_train_function()
        runs[name] = (model.train_function, iter(data))
        for _ in range(3):
            model.train_function(runs[name][1])
    cpu = {name: [] for name in models}
    for _ in range(steps):
        for name, (function, iterator) in runs.items():
            start = time.process_time()
            function(iterator)
            cpu[name].append(time.process_time() - start)
    first = np.array(cpu[next(iter(models))])
    return {
        name: {
            "cpu_ms": 1000 * float(np.median(times)),
            "ratio": float(np.median(np.array(times) / first)),
        }
        for name, times in cpu.items()
    }


def waiting(width, steps):
    """Share of the training time that is spent waiting for the next batch."""
    data = mtl.data.load(
        digits="sample/digits",
        objects="sample/drawings",
        topics="sample/headlines",
        batch_size=BATCH,
        augment={"objects": mtl.data.Augmentation(crop=4, flip=True)},
    )
    trained = presets.shared_model(data, width)
    trained.compile("adam", loss=data.losses, metrics=data.metrics)
    trained.make_train_function()
    total = waited = 0.0
    done = 0
    while done < steps:
        iterator = iter(data.train)
        next(iterator)
        for _ in range(len(data.train) - 1):
            start = time.perf_counter()
            element = next(iterator)
            got = time.perf_counter()
            trained.train_on_batch(*element)
            end = time.perf_counter()
            if done >= 3:
                waited, total = waited + got - start, total + end - start
            done += 1
    return waited / total


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--json")
    args = parser.parse_args()
    models = {
        "keras.Model": build(keras.Model, args.width),
        "weighting=None": build(mtl.MultiTaskModel, args.width),
        "pcgrad": build(mtl.MultiTaskModel, args.width, weighting="pcgrad"),
        "mgda": build(mtl.MultiTaskModel, args.width, weighting="mgda"),
    }
    found = interleaved(models, args.steps)
    for name, row in found.items():
        print(f"{name:16} {row['cpu_ms']:8.1f} CPU ms   x {row['ratio']:.3f}")
    share = waiting(args.width, args.steps)
    print(f"waiting for data {100 * share:.1f} % of the step")
    if args.json:
        results.write(
            args.json,
            {
                "command": f"{COMMAND} --steps {args.steps} --width {args.width}",
                "batch": BATCH,
                "width": args.width,
                "steps": found,
                "waiting": share,
                "versions": results.versions(),
                "machine": results.machine(),
            },
        )


if __name__ == "__main__":
    main()
