"""What it costs to get from the Gramian to the weights, compiled by XLA, on one core.

    python benchmarks/weights.py [--tasks 5 40] [--json results/weights_time.json]

Each method runs in a loop inside one compiled function, each Gramian depending on the weights
before, so that nothing is left out or done side by side. The time of a call is the difference
between a long and a short loop, divided by the difference of their lengths: CPU time, the median
over repetitions.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from mtl_keras import weighting
from mtl_keras.evaluation import results

SHORT, LONG = 5, 55
LIMITS = {5: 0.5, 40: 5.0}


def gramian(tasks):
    """The Gramian of conflicting gradients: all cosines are pushed below zero."""
    rows = np.random.default_rng(0).normal(size=(tasks, 300))
    rows -= 0.95 * rows.mean(0) * (tasks > 1)
    return tf.constant(rows @ rows.T)


def looped(method):
    """A compiled function (Gramian, calls) -> weights of the last call."""

    @tf.function(jit_compile=True, autograph=False)
    def run(start, calls):
        losses = tf.ones([method.num_tasks])

        def call(i, weights):
            scale = 1 + 1e-9 * tf.cast(tf.reduce_sum(weights), tf.float64)
            return i + 1, method(losses=losses, gramian=scale * start)

        return tf.while_loop(lambda i, _: i < calls, call, (0, losses))[1]

    return run


def milliseconds(name, tasks, repetitions):
    """Median CPU milliseconds of one call."""
    method = weighting.get(name)
    method.build([f"task{index}" for index in range(tasks)])
    run, start = looped(method), gramian(tasks)

    def seconds(calls):
        calls = tf.constant(calls)
        before = time.process_time()
        run(start, calls).numpy()
        return time.process_time() - before

    seconds(SHORT)
    times = [seconds(LONG) - seconds(SHORT) for _ in range(repetitions)]
    return 1000 * float(np.median(times)) / (LONG - SHORT)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tasks", type=int, nargs="+", default=list(LIMITS))
    parser.add_argument("--repetitions", type=int, default=11)
    parser.add_argument("--methods", nargs="+")
    parser.add_argument("--json")
    args = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    methods = args.methods or [
        name
        for name in weighting.names()
        if name != "static" and weighting.get(name).sees == "gramian"
    ]
    found = {}
    for name in methods:
        found[name] = {tasks: milliseconds(name, tasks, args.repetitions) for tasks in args.tasks}
        print(f"{name:16} " + "  ".join(f"T={t}: {ms:.4f} ms" for t, ms in found[name].items()))
    if args.json:
        setting = {
            "command": f"python benchmarks/weights.py --tasks {' '.join(map(str, args.tasks))}",
            "unit": "CPU milliseconds per call, XLA, one core",
            "limits": LIMITS,
        }
        versions = {"versions": results.versions(), "machine": results.machine()}
        results.write(args.json, {**setting, "methods": found, **versions})


if __name__ == "__main__":
    main()
