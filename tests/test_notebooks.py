"""The notebooks run from top to bottom, at small scale, and are what their sources say."""

import os
import re
import runpy
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs(path, tmp_path, monkeypatch):
    monkeypatch.setenv("MTL_EPOCHS", "1")
    monkeypatch.setenv("MTL_EXAMPLES", "256")
    monkeypatch.delenv("TFDS_DATA_DIR", raising=False)  # So they use what ships with the package.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(path.parents[1])]))
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=1200, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    # What an article's notebook reads of results is the same as when it was committed.
    for cell, committed in zip(notebook.cells, nbformat.read(path, as_version=4).cells):
        if cell.cell_type == "code" and "article." in cell.source and "live" not in cell.source:
            assert texts(cell) == texts(committed), cell.source


def texts(cell):
    found = [output.get("data", {}).get("text/markdown") for output in cell.outputs]
    return [text for text in found if text]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_is_executed_and_matches_its_source(path):
    notebook = nbformat.read(path, as_version=4)
    source = jupytext.read(path.with_suffix(".py"))
    assert [cell.source for cell in notebook.cells] == [cell.source for cell in source.cells]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    outputs = [output for cell in code for output in cell.outputs]
    assert not any(output.output_type == "error" for output in outputs)
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 4


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_tables_are_those_of_the_results(path):
    tables = runpy.run_path(str(path.parents[1] / "results" / "tables.py"))
    for cell in nbformat.read(path, as_version=4).cells:
        for name in re.findall(r'Markdown\(tables\["block"\]\("(\w+)"\)\)', cell.source):
            (output,) = cell.outputs
            assert output.data["text/markdown"] == tables["block"](name), f"{path.name}: {name}"
