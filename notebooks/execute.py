"""Executes notebook sources and keeps the outputs: `python notebooks/execute.py NAME ...`.

TensorFlow's start-up chatter, which comes on the standard error and differs between machines, is left out.
"""

import sys
import tempfile
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent


def execute(name):
    """Runs NAME.py from top to bottom in an empty folder and writes NAME.ipynb."""
    notebook = jupytext.read(HERE / f"{name}.py")
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=1800, resources=resources).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
            cell.metadata.pop("execution", None)
    nbformat.write(notebook, HERE / f"{name}.ipynb")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        execute(name)
