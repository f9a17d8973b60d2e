"""The tables of what the weighting methods cost, how exact and how conformant they are.

python results/weighting.py [weights_time | weighting_errors | conformance | jacobian | peers |
    multi_mnist]
"""

import json
import sys
from pathlib import Path

from mtl_keras.experiments import multi_mnist_table, overlay

HERE = Path(__file__).parent


def read(name):
    return json.loads((HERE / name).read_text())


def markdown(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def weights_time():
    """Milliseconds from the Gramian to the weights."""
    found = read("weights_time.json")
    tasks = list(next(iter(found["methods"].values())))
    rows = [
        [f"`{name}`", *(f"{times[t]:.3f}" for t in tasks)]
        for name, times in found["methods"].items()
    ]
    limits = ", ".join(f"{limit:g} at T = {t}" for t, limit in found["limits"].items())
    note = f"{found['unit']}; aimed at: {limits} (`{found['command']}`)."
    return "\n\n".join([markdown(["method", *(f"T = {t}" for t in tasks)], rows), note])


def weighting_errors():
    """Worst relative error of the direction, method x kind of Jacobian, graph and XLA."""
    found = read("weighting_errors.json")
    methods = list(dict.fromkeys(case.rsplit(", ", 1)[0] for case in found["worst"]))
    kinds = list(next(iter(found["worst"].values())))

    def cell(method, kind):
        cases = [c[kind] for name, c in found["worst"].items() if name.rsplit(", ", 1)[0] == method]
        return f"{max(c['relative'] for c in cases):.0e}" + "*" * any(
            c["unsolvable"] for c in cases
        )

    rows = [[f"`{method}`", *(cell(method, kind) for kind in kinds)] for method in methods]
    note = (
        f"Worst of T = {', '.join(map(str, found['tasks']))}, seeds {found['seeds']}, with and "
        "without XLA; weights in float32. *: some have no solution: weights finite, counted as "
        "failures. Aimed at: 1e-5, near stationary 1e-3."
    )
    return "\n\n".join([markdown(["method", *(k.replace("_", " ") for k in kinds)], rows), note])


def conformance():
    """What holds, method x property."""
    found = read("conformance.json")["methods"]
    properties = list(next(iter(found.values())))
    rows = [
        [name, *("yes" if each[p] == "holds" else each[p] for p in properties)]
        for name, each in found.items()
    ]
    return markdown(["method", *(p.replace("_", " ") for p in properties)], rows)


def jacobian():
    """Cost of the settings of `Jacobian` over the plain step, and what each loses."""
    cases = read("jacobian.json")["cases"]
    settings = dict.fromkeys(s for case in cases.values() for s in case["settings"])
    del settings["plain"]

    def cell(row):
        return f"{row['ratio']:.2f} ({row['memory_ratio']:.1f})" if row else ""

    cost = [
        [name, f"{case['bound']:.2f}", *(cell(case["settings"].get(s)) for s in settings)]
        for name, case in cases.items()
    ]
    parts = [
        markdown(["case", "(1 + 2T) / 3", *settings], cost),
        "CPU time over the plain Keras step of the same network, in brackets peak memory.",
    ]
    if not (HERE / "jacobian_fidelity.json").exists():
        return "\n\n".join(parts)
    found = read("jacobian_fidelity.json")
    for network, methods in found["networks"].items():
        settings = next(iter(methods.values()))["cosine"]
        rows = [[s, *(_cosine(m["cosine"][s]) for m in methods.values())] for s in settings]
        parts.append(markdown([network, *(f"`{m}`" for m in methods)], rows))
    parts.append(
        "Cosine between its update and the exact one, mean (lowest), along a run on CIFAR-10 "
        f"with {found['tasks']} binary tasks, {found['steps']} steps of {found['batch']}; "
        "`equal` is the plain sum."
    )
    return "\n\n".join(parts)


def _cosine(row):
    return f"{row['mean']:.3f} ({row['lowest']:.2f})"


def peers():
    """Time of a whole training step beside the peers'."""
    found = read("peers.json")
    parts = []
    for network, case in found["cases"].items():
        sides = list(case["runners"])
        rows = [
            [f"`{method}`", *(_time(case["runners"][side].get(method)) for side in sides)]
            for method in case["runners"]["ours"]
        ]
        title = f"{network}, T = {case['tasks']}, batch {case['batch']}"
        parts.append(markdown([title, *sides], rows))
    versions = found["versions"]
    parts.append(
        "CPU milliseconds of a step on one core, medians of steps in turn; in brackets the speed "
        f"beside the peer's. torch {versions['torch']}, TorchJD {versions['torchjd']}, "
        f"LibMTL {versions['libmtl']}."
    )
    return "\n\n".join(parts)


def multi_mnist():
    """MultiMNIST beside the published table, then the sets with Fashion-MNIST."""
    tables = []
    for name in overlay.SETS:
        paths = sorted((HERE / "multi_mnist").glob(f"{name}-*.json"))
        runs = [json.loads(path.read_text()) for path in paths]
        tables += [multi_mnist_table.markdown(runs)] if runs else []
    return "\n\n".join(tables)


def _time(row):
    if row is None:
        return ""
    if "error" in row:
        return "does not run"
    ratio = row["beside_peer"]
    return f"{row['cpu_ms']:.1f}" + (f" ({ratio:.2f} x)" if ratio != 1 else "")


if __name__ == "__main__":
    for name in sys.argv[1:] or ["weights_time", "weighting_errors", "conformance"]:
        print(globals()[name](), end="\n\n")
