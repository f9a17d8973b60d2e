"""One network trained on one task of real data: what text branches and trunks have in common."""

import argparse
import dataclasses
import time
from collections.abc import Callable

import keras

import mtl_keras as mtl
from mtl_keras.evaluation import cost, results, scores
from mtl_keras.presets import SmoothedCrossentropy, optimizer


@dataclasses.dataclass
class Run:
    """What is trained on what, and how.

    Attributes:
        load: dict, arguments of `mtl_keras.data.load`, with one source.
        network: function (data, input, `**options`) -> logits.
        epochs: int.
        optimizer: dict, arguments of `presets.optimizer`.
        options: dict.
        smoothing: float, label smoothing.
        seeds: int, number of seeds.
    """

    load: dict
    network: Callable
    epochs: int
    optimizer: dict
    options: dict = dataclasses.field(default_factory=dict)
    smoothing: float = 0.0
    seeds: int = 1

    def configuration(self):
        """The settings, as JSON holds them."""
        load = {key: _plain(value) for key, value in self.load.items()}
        return {**dataclasses.asdict(self), "load": load, "network": self.network.__name__}


def _plain(value):
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value


def train(run, seed=0, validation=0):
    """Returns the result of a run; with validation rows, to choose settings by, without a test."""
    model, data, found = fitted(run, seed, validation)
    return found if validation else {**found, **scores.final_scores(model, data)}


def fitted(run, seed, validation):
    """Returns (the trained model, its data, what was done and what it cost)."""
    keras.utils.set_random_seed(seed)
    data = mtl.data.load(seed=seed, validation=validation, **run.load)
    (task,), (x,) = data.tasks, data.inputs().values()
    name = keras.layers.Activation("linear", name=task)
    model = mtl.MultiTaskModel(x, {task: name(run.network(data, x, **run.options))})
    steps = run.epochs * int(data.train.cardinality())
    model.compile(
        optimizer(steps=steps, **run.optimizer),
        loss={task: SmoothedCrossentropy(run.smoothing)} if run.smoothing else data.losses,
        metrics=data.metrics,
        jit_compile=False,
    )
    costs = cost(model)
    wall, cpu = time.perf_counter(), time.process_time()
    history = model.fit(
        data.train, validation_data=data.validation, epochs=run.epochs, verbose=2
    ).history
    found = {
        "kind": "single",
        "seed": seed,
        "configuration": run.configuration(),
        "versions": results.versions(),
        "machine": results.machine(),
        "examples": data.examples,
        **costs._asdict(),
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
        "history": history,
    }
    return model, data, found


def chosen():
    """Returns the parts of names on the command line, or `[""]` for all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=[""], help="parts of the names of runs")
    return parser.parse_args().names


def do(runs, folder, parts):
    """Trains the runs whose name holds one of the parts and whose file is not there."""
    for name, run in runs.items():
        for seed in range(run.seeds):
            path = folder / f"{name}-seed{seed}.json"
            if not path.exists() and any(part in name for part in parts):
                print(path.stem, flush=True)
                results.write(path, train(run, seed))


def table(runs, folder):
    """Returns the results so far as rows of a Markdown table."""
    rows = [
        "| data, network | test accuracy | seeds | training rows | epochs | parameters | MFLOPs "
        "| CPU minutes |",
        "|" + "---|" * 8,
    ]
    for name, run in runs.items():
        paths = [folder / f"{name}-seed{seed}.json" for seed in range(run.seeds)]
        found = [results.read(path) for path in paths if path.exists()]
        if found:
            rows.append(_row(name, found))
    return "\n".join(rows)


def _row(name, found):
    (task,) = found[0]["tasks"]
    score = sum(each["tasks"][task]["score"] for each in found) / len(found)
    minutes = sum(each["cpu_seconds"] for each in found) / len(found) / 60
    train_rows = found[0]["examples"][task]["train"]
    data, network = name.split("-", 1)
    return (
        f"| {data}, `{network}` | {100 * score:.2f} % | {len(found)} | {train_rows:,} "
        f"| {len(found[0]['history']['loss'])} | {found[0]['parameters']:,} "
        f"| {found[0]['flops'] / 1e6:.2f} | {minutes:.1f} |"
    )
