"""Prints what passed of the whole products, from the files that `make test-full` keeps.

python results/products.py
"""

from pathlib import Path

from mtl_keras.evaluation import results

HERE = Path(__file__).with_suffix("")
PRODUCTS = {
    "trunks": "trunk x picture size (XLA), and once in mixed precision; families of networks",
    "text": "text branch x with and without XLA",
    "fusion": "fusion x absent part (nothing, some rows', picture, text, both), some also by XLA",
    "heads": "all heads in one model x kind of weighting x with and without XLA",
    "weighting": "method x with and without XLA, and on two replicas",
    "architectures": "architecture x kind of weighting x one input or one for each task, some XLA",
}
"""File of a product -> what its cases are."""


def table():
    """Returns a table of each product in Markdown: cases and the largest difference found."""
    parts = []
    for name, product in PRODUCTS.items():
        path = HERE / f"{name}.json"
        if path.exists():
            found = results.read(path)
            parts.append(_table(name, product, found["cases"], found["source"]))
    return "\n\n".join(parts)


def _table(name, product, cases, source):
    groups, several = {}, name not in ("text", "heads", "weighting")
    for case, found in cases.items():
        component, *_ = case.split() if several else case.split(" jit=")
        groups.setdefault(component, []).append(found)
    rows = [
        f"**{name}**: {product}. {len(cases)} cases passed (source {source}).",
        "",
        "| component | cases | largest difference after loading, export, going on |",
        "|---|---|---|",
    ]
    for component, found in groups.items():
        largest = max(_differences(found), default=None)
        shown = "within the test's limits" if largest is None else f"{largest:.1g}"
        rows.append(f"| `{component}` | {len(found)} | {shown} |")
    return "\n".join(rows)


def _differences(found):
    """Yields the numbers below keys that name differences."""
    if isinstance(found, list):
        for each in found:
            yield from _differences(each)
    elif isinstance(found, dict):
        for key, value in found.items():
            if "difference" in key:
                yield from value.values() if isinstance(value, dict) else [value]


if __name__ == "__main__":
    print(table())
