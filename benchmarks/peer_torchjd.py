"""Steps of PyTorch and TorchJD on request, for `peers.py`: it needs torch and torchjd only.

Reads lines `NETWORK TASKS BATCH METHOD STEPS` and answers each with a line of JSON: the CPU seconds
of the steps, or the error. Both networks are those of `networks.py`.
"""

import json
import sys
import time

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
METHODS = {
    "upgrad": lambda tasks: aggregation.UPGrad(),
    "pcgrad": lambda tasks: aggregation.PCGrad(),
    "cagrad": lambda tasks: aggregation.CAGrad(c=0.5),
    "mgda": lambda tasks: aggregation.MGDA(),
    "nash_mtl": lambda tasks: aggregation.NashMTL(n_tasks=tasks),
}


def trainer(network, tasks, batch, method):
    """Returns a function of no arguments that makes one training step."""
    torch.manual_seed(0)
    make, shape = NETWORKS[network]
    trunk, width = make()
    heads = nn.ModuleList(nn.Linear(width, CLASSES) for _ in range(tasks))
    optimizer = torch.optim.Adam([*trunk.parameters(), *heads.parameters()])
    x, y = torch.rand(batch, *shape), torch.randint(0, CLASSES, (tasks, batch))
    aggregator = None if method == "equal" else METHODS[method](tasks)

    def step():
        features = trunk(x)
        losses = [nn.functional.cross_entropy(h(features), t) for h, t in zip(heads, y)]
        optimizer.zero_grad()
        if aggregator is None:
            sum(losses).backward()
        else:
            mtl_backward(losses, features=features)
            jac_to_grad(trunk.parameters(), aggregator)
        optimizer.step()

    return step


def main():
    torch.set_num_threads(1)
    print(json.dumps({"torch": torch.__version__, "torchjd": _version()}), flush=True)
    steps = {}
    for line in sys.stdin:
        network, tasks, batch, method, count = line.split()
        key = (network, int(tasks), int(batch), method)
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


def _version():
    from importlib.metadata import version

    return version(torchjd.__name__)


if __name__ == "__main__":
    main()
