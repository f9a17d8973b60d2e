"""Cases of a whole product that passed, kept in `results/products/`."""

import ast
import hashlib
from pathlib import Path

from mtl_keras.evaluation import results

ROOT = Path(__file__).parents[2]
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)


class Kept:
    """What passed, with the digest of the sources that it depends on.

    `make test-full` goes on where it stopped, and does a case again only when a source has changed.

    Args:
        name: str, the table's file in `results/products/`.
        rooms: str, folders of `mtl_keras` beside its own modules.
    """

    def __init__(self, name, *rooms):
        self.path = ROOT / "results" / "products" / f"{name}.json"
        self.rooms = rooms

    def source(self):
        """Returns the digest of the code, without words about it, that a case depends on."""
        folders = [ROOT / "mtl_keras", *(ROOT / "mtl_keras" / room for room in self.rooms)]
        files = sorted(file for folder in folders for file in folder.glob("*.py"))
        return hashlib.sha256("".join(map(_code, files)).encode()).hexdigest()[:12]

    def cases(self):
        """Returns dict case -> what was found, of the present sources."""
        found = results.read(self.path) if self.path.exists() else {}
        return found["cases"] if found.get("source") == self.source() else {}

    def __contains__(self, case):
        return case in self.cases()

    def add(self, case, found):
        """Writes a case that passed."""
        cases = {**self.cases(), case: found}
        table = {"source": self.source(), "versions": results.versions()}
        results.write(self.path, {**table, "cases": dict(sorted(cases.items()))})


def _code(file):
    """A module without comments and docstrings."""
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node):
            node.body = node.body[1:]
    return ast.unparse(tree)
