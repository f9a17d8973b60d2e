"""What looking at the task gradients costs over the plain step, by place, time and part of batch.

    python benchmarks/jacobian.py [--tasks 2 5 20] [--xla on off] [--batch-norm]
        [--json results/jacobian.json]

One shared input, a VGG-like trunk, linear heads. Every setting of `Jacobian` makes steps in turn
with `keras.Model`, in one process on one core; the ratio is the median of the ratios of CPU time.
With `every = k`, a step that looks and one that does not are timed, and averaged 1 to k - 1. Memory
is the most that a step that looks has asked TensorFlow's allocator for at a time, beside variables
and what is smaller than 256 kB; XLA asks for all that it needs in one piece. What the allocator
gives out is up to twice that, in powers of two. Cases of the JSON file that are not asked for stay.
"""

import argparse
import functools
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import networks
import numpy as np
import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2

import mtl_keras as mtl
from mtl_keras.evaluation import results

METHOD = "upgrad"
SETTINGS = {
    "exact": mtl.Jacobian(),
    "features": mtl.Jacobian(at="features"),
    "last_block": mtl.Jacobian(at="last_block"),
    "fraction=1/32": mtl.Jacobian(fraction=1 / 32),
    "every=32": mtl.Jacobian(every=32),
}


def bound(tasks):
    """The arithmetic lower bound of the exact step: one forward pass, T backward passes of two."""
    return (1 + 2 * tasks) / 3


def model(setting, tasks, xla, batch_norm):
    """A compiled model; `"plain"` is a `keras.Model`."""
    keras.utils.set_random_seed(0)
    network = functools.partial(networks.vgg_like, tasks, batch_norm=batch_norm)
    if setting == "plain":
        return networks.compile_classes(network(keras.Model), jit_compile=xla)
    options = {"weighting": METHOD, "jacobian": SETTINGS[setting], "jit_compile": xla}
    return networks.compile_classes(network(), **options)


class Runner:
    """A model that makes steps, and what they take."""

    def __init__(self, setting, tasks, xla, batch, batch_norm):
        self._model = model(setting, tasks, xla, batch_norm)
        self._every = getattr(SETTINGS.get(setting), "every", 1)
        self._step = networks.trainer(self._model, batch)
        for _ in range(3):
            self._step()

    def seconds(self):
        """CPU seconds of a step, the mean over those that look and those that do not."""
        self._model.optimizer.iterations.assign(0)
        times = [self._timed() for _ in range(min(self._every, 2))]
        return (times[0] + (self._every - 1) * times[-1]) / self._every

    def _timed(self):
        start = time.process_time()
        self._step()
        return time.process_time() - start

    def megabytes(self):
        """The most that a step that looks asked for at a time."""
        self._model.optimizer.iterations.assign(0)
        with tempfile.TemporaryDirectory() as folder:
            tf.profiler.experimental.start(folder)
            self._step()
            tf.profiler.experimental.stop()
            (file,) = Path(folder).rglob("*.xplane.pb")
            space = xplane_pb2.XSpace.FromString(file.read_bytes())
        now = most = 0
        for _, size in sorted(event for plane in space.planes for event in _requests(plane)):
            now += size
            most = max(most, now)
        return most / 2**20


def _requests(plane):
    """Yields (time, bytes) of what the allocator was asked for; what was given back is negative."""
    signs = {"MemoryAllocation": 1, "MemoryDeallocation": -1}
    for line in plane.lines:
        for event in line.events:
            sign = signs.get(plane.event_metadata[event.metadata_id].name)
            for stat in event.stats if sign else ():
                if plane.stat_metadata[stat.metadata_id].name == "requested_bytes":
                    time_ps = 1000 * line.timestamp_ns + event.offset_ps
                    yield time_ps, sign * (stat.int64_value or stat.uint64_value)


def case(tasks, xla, args):
    """Cost and memory of every setting for one number of tasks."""
    facts = (tasks, xla, args.batch, args.batch_norm)
    runners = {name: Runner(name, *facts) for name in ("plain", *args.settings)}
    rounds = [{name: each.seconds() for name, each in runners.items()} for _ in range(args.steps)]
    memory = [{name: each.megabytes() for name, each in runners.items()} for _ in range(3)]
    settings = {}
    for name in runners:
        settings[name] = {
            "cpu_ms": 1000 * float(np.median([times[name] for times in rounds])),
            "ratio": float(np.median([times[name] / times["plain"] for times in rounds])),
            "memory_mb": float(np.median([found[name] for found in memory])),
        }
        row = settings[name]
        row["memory_ratio"] = row["memory_mb"] / settings["plain"]["memory_mb"]
        print(
            f"T={tasks:<3} {'XLA' if xla else 'graph':6} {name:14} {row['cpu_ms']:8.1f} CPU ms "
            f"x {row['ratio']:6.3f}  {row['memory_mb']:6.0f} MB x {row['memory_ratio']:.2f}",
            flush=True,
        )
    print(f"bound x {bound(tasks):.2f}")
    return {"bound": bound(tasks), "batch": args.batch, "steps": args.steps, "settings": settings}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tasks", type=int, nargs="+", default=[2, 5, 20])
    parser.add_argument("--xla", nargs="+", choices=["on", "off"], default=["off", "on"])
    parser.add_argument("--settings", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--batch-norm", action="store_true")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--json")
    args = parser.parse_args()
    networks.one_core()
    for tasks in args.tasks:
        for xla in args.xla:
            found = case(tasks, xla == "on", args)
            name = f"{tasks} tasks, {'XLA' if xla == 'on' else 'graph'}"
            if args.json:
                write(args.json, f"{name}{', batch norm' * args.batch_norm}", found)


def write(path, name, found):
    """Puts one case in the JSON file, beside those that are there."""
    cases = results.read(path)["cases"] if Path(path).exists() else {}
    results.write(
        path,
        {
            "command": "python benchmarks/jacobian.py",
            "method": METHOD,
            "cases": {**cases, name: found},
            "versions": results.versions(),
            "machine": results.machine(),
        },
    )


if __name__ == "__main__":
    main()
