"""Steps of PyTorch, TorchJD and LibMTL on request, for `peers.py`: it needs nothing of ours.

Reads lines `NETWORK TASKS BATCH SIDE METHOD STEPS` and answers each with a line of JSON: the CPU
seconds of the steps, or the error. Both networks are those of `networks.py`.
"""

import importlib.util
import json
import sys
import time
import types
from importlib.metadata import version

import numpy as np
import torch
import torchjd
from torch import nn
from torchjd import aggregation
from torchjd.autojac import jac_to_grad, mtl_backward

CLASSES = 10


def lenet():
    convolutions = [nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU()]
    convolutions += [nn.Conv2d(10, 20, 5), nn.MaxPool2d(2), nn.ReLU()]
    return nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(320, 50), nn.ReLU()), 50


def vgg_like():
    layers, channels = [], 3
    for filters in (16, 32, 64):
        layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
        layers += [nn.Conv2d(filters, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(1024, 128), nn.ReLU()), 128


NETWORKS = {"lenet": (lenet, (1, 28, 28)), "vgg_like": (vgg_like, (3, 32, 32))}
AGGREGATORS = {
    "upgrad": lambda tasks: aggregation.UPGrad(),
    "pcgrad": lambda tasks: aggregation.PCGrad(),
    "cagrad": lambda tasks: aggregation.CAGrad(c=0.5),
    "mgda": lambda tasks: aggregation.MGDA(),
    "nash_mtl": lambda tasks: aggregation.NashMTL(n_tasks=tasks),
}


def libmtl(name, tasks):
    """Returns LibMTL's loss weighting of that class, with what its trainer would give it."""
    if "LibMTL" not in sys.modules:  # whose own start imports what torchvision no longer has
        package = types.ModuleType("LibMTL")
        package.__path__ = importlib.util.find_spec("LibMTL").submodule_search_locations
        sys.modules["LibMTL"] = package
    from LibMTL import weighting

    method = getattr(weighting, name)()
    method.task_num, method.device, method.epoch = tasks, "cpu", 2
    method.train_loss_buffer = np.ones((tasks, 2), np.float32)
    method.init_param()
    return method


LOSS_METHODS = {"equal": "EW", "uncertainty": "UW", "dwa": "DWA", "rlw": "RLW", "gls": "GLS"}


def updater(side, method, tasks, trunk):
    """Returns a function (losses, features) that fills the gradients, and what it learns."""
    if side == "PyTorch":
        return lambda losses, _: sum(losses).backward(), []
    if side == "LibMTL":
        weigh = libmtl(LOSS_METHODS[method], tasks)
        options = {"T": 2.0, "dist": "Normal"}
        return lambda losses, _: weigh.backward(torch.stack(losses), **options), weigh.parameters()
    aggregator = AGGREGATORS[method](tasks)

    def update(losses, features):
        mtl_backward(losses, features=features)
        jac_to_grad(trunk.parameters(), aggregator)

    return update, []


def trainer(network, tasks, batch, side, method):
    """Returns a function of no arguments that makes one training step."""
    torch.manual_seed(0)
    make, shape = NETWORKS[network]
    trunk, width = make()
    heads = nn.ModuleList(nn.Linear(width, CLASSES) for _ in range(tasks))
    update, learned = updater(side, method, tasks, trunk)
    optimizer = torch.optim.Adam([*trunk.parameters(), *heads.parameters(), *learned])
    x, y = torch.rand(batch, *shape), torch.randint(0, CLASSES, (tasks, batch))

    def step():
        features = trunk(x)
        losses = [nn.functional.cross_entropy(h(features), t) for h, t in zip(heads, y)]
        optimizer.zero_grad()
        update(losses, features)
        optimizer.step()

    return step


def main():
    torch.set_num_threads(1)
    peers = {"torchjd": version(torchjd.__name__), "libmtl": version("LibMTL")}
    print(json.dumps({"torch": torch.__version__, **peers}), flush=True)
    steps = {}
    for line in sys.stdin:
        network, tasks, batch, side, method, count = line.split()
        key = (network, int(tasks), int(batch), side, method)
        try:
            if key not in steps:
                steps[key] = trainer(*key)
            times = []
            for _ in range(int(count)):
                start = time.process_time()
                steps[key]()
                times.append(time.process_time() - start)
            answer = {"seconds": times}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
