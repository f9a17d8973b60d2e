"""Parameters and FLOPs of every trunk, text branch, fusion and architecture with its defaults.

python results/components.py

Writes `results/components.json`; `mtl-keras list KIND` counts the same anew.
"""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from mtl_keras.evaluation import components, results

FILE = Path(__file__).parent / "components.json"


def main():
    found = {
        kind: {
            "counted_on": setting,
            "costs": {
                name: {"parameters": cost.parameters, "flops": cost.flops}
                for name, cost in components.component_costs(kind).items()
            },
        }
        for kind, setting in components.SETTINGS.items()
    }
    results.write(FILE, {"kinds": found, "versions": results.versions()})


def table():
    """Parameters and FLOPs of every builder with its defaults."""
    found = results.read(FILE)["kinds"]
    rows = ["| kind | builder | parameters | MFLOPs |", "|---|---|---|---|"]
    for kind, costs in found.items():
        rows += [
            f"| {kind} | `{name}` | {cost['parameters']:,} | {cost['flops'] / 1e6:,.2f} |"
            for name, cost in costs["costs"].items()
        ]
    counted = "; ".join(f"{kind} on {costs['counted_on']}" for kind, costs in found.items())
    return "\n".join([*rows, "", f"One forward pass of one example. Counted: {counted}."])


if __name__ == "__main__":
    main()
