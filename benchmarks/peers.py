"""A whole training step of ours beside TorchJD's and LibMTL's, in one run, in turn, on one core.

    python benchmarks/peers.py --peer-python PYTHON [--json results/peers.json]

PYTHON is the interpreter of an environment with torch, torchjd and its solvers and LibMTL, of which
only the loss methods run on torch 2. It is no dependency of this project:

    pip install torch==2.13.0 "torchjd[full]==0.18.0"
    pip install --no-deps LibMTL==1.1.5

It runs `peer_torch.py`; blocks of steps alternate over a pipe. All sides have the same networks,
batches, losses and Adam. The unit is CPU time; 1 is plain PyTorch with equal weights.
"""

import argparse
import json
import os
import subprocess
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import networks
import numpy as np

from mtl_keras.evaluation import results

CASES = {"lenet": (networks.lenet, 2, 256), "vgg_like": (networks.vgg_like, 5, 128)}
PEERS = {
    "PyTorch": ("equal",),
    "TorchJD": ("pcgrad", "mgda", "upgrad", "cagrad", "nash_mtl"),
    "LibMTL": ("uncertainty", "dwa", "rlw", "gls"),
}
BLOCK = 5


class Peer:
    """The process with PyTorch."""

    def __init__(self, python):
        script = Path(__file__).with_name("peer_torch.py")
        self._process = subprocess.Popen(
            [python, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.versions = json.loads(self._process.stdout.readline())

    def seconds(self, *request):
        """CPU seconds of some steps, or the error as a string."""
        print(*request, file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        return answer.get("seconds") or answer["error"]

    def close(self):
        self._process.stdin.close()
        self._process.wait()


def ours(network, tasks, batch, method, xla):
    """Returns a function steps -> CPU seconds of each."""
    keras.utils.set_random_seed(0)
    weighting = None if method == "equal" else method
    model = networks.compile_classes(network(tasks), weighting=weighting, jit_compile=xla)
    step = networks.trainer(model, batch)

    def seconds(steps):
        times = []
        for _ in range(steps):
            start = time.process_time()
            step()
            times.append(time.process_time() - start)
        return times

    return seconds


def case(name, peer, rounds):
    """Dict runner -> method -> median CPU milliseconds, speed beside plain PyTorch."""
    network, tasks, batch = CASES[name]
    runners, peer_of = {}, {m: side for side, methods in PEERS.items() for m in methods}
    for method, side in peer_of.items():
        request = name, tasks, batch, side, method
        runners[side, method] = lambda n, request=request: peer.seconds(*request, n)
        runners["ours", method] = ours(network, tasks, batch, method, False)
        runners["ours, XLA", method] = ours(network, tasks, batch, method, True)
    first = {key: run(3) for key, run in runners.items()}  # traces, compiles and warms up
    failed = {key: found for key, found in first.items() if isinstance(found, str)}
    times = {key: [] for key in runners if key not in failed}
    for _ in range(rounds):
        for key in times:
            times[key] += runners[key](BLOCK)
    unit = np.median(times["PyTorch", "equal"])
    table = {side: {} for side, _ in runners}
    for (side, method), found in times.items():
        cpu = float(np.median(found))
        row = {"cpu_ms": 1000 * cpu, "speed": float(unit / cpu)}
        if (peer_of[method], method) in times:
            theirs = times[peer_of[method], method]
            row["beside_peer"] = float(np.median(np.divide(theirs, found)))
        table[side][method] = row
        print(f"{name:9} {side:10} {method:11} {row['cpu_ms']:8.1f} CPU ms", row, flush=True)
    for (side, method), error in failed.items():
        table[side][method] = {"error": error}
        print(f"{name:9} {side:10} {method:11} {error}")
    return {"tasks": tasks, "batch": batch, "steps": rounds * BLOCK, "runners": table}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peer-python", required=True)
    parser.add_argument("--networks", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--json")
    args = parser.parse_args()
    networks.one_core()
    peer = Peer(args.peer_python)
    for name in args.networks:
        found = case(name, peer, args.rounds)
        if args.json:
            there = Path(args.json).exists()
            cases = results.read(args.json)["cases"] if there else {}
            facts = {
                "command": "python benchmarks/peers.py --peer-python PYTHON",
                "cases": {**cases, name: found},
                "versions": {**results.versions(), **peer.versions},
                "machine": results.machine(),
            }
            results.write(args.json, facts)
    peer.close()


if __name__ == "__main__":
    main()
