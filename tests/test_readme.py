"""The README: its code runs, its tables agree with the results, its links exist."""

import json
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mtl_keras import architectures, cli, fusion, heads, text, trunks, weighting
from mtl_keras.evaluation import builders
from mtl_keras.weighting.jacobian import Jacobian

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def test_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = blocks("python")
    assert code
    for block in code:
        exec(compile(block, "README.md", "exec"), {})
    assert (tmp_path / "exports" / "two_tasks" / "saved_model.pb").exists()


def test_predict_answers_as_written(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    commands = [
        shlex.split(line)[1:]
        for block in blocks("bash")
        for line in block.splitlines()
        if line.startswith("mtl-keras predict")
    ]
    assert commands
    for command in commands:
        assert cli.main(command) == 0
        assert "business" in capsys.readouterr().out.lower()


def test_make_knows_the_two_commands():
    for target in ("demo", "test"):
        assert f"make {target}" in TEXT
        dry = ["make", "--dry-run", "--always-make", target]
        run = subprocess.run(dry, cwd=ROOT, capture_output=True, text=True, check=False)
        assert run.returncode == 0
        assert "constraints.txt" in run.stdout


def test_tables_agree_with_the_results():
    tables = runpy.run_path(str(ROOT / "results" / "tables.py"))
    documents = [path.read_text() for path in tables["DOCUMENTS"]]
    for document in documents:
        assert tables["fill"](document) == document
    for name in tables["NAMES"]:
        assert sum(f"<!-- {name} -->" in document for document in documents) == 1


def test_prose_says_what_a_look_at_the_gradients_was_measured_to_cost():
    cases = json.loads((ROOT / "results" / "jacobian.json").read_text())["cases"]
    settings = cases["20 tasks, graph"]["settings"].items()
    cost = {name: f"{found['ratio']:.2f}" for name, found in settings}
    said = f"takes {cost['features']} times a plain one instead of {cost['exact']}"
    assert said in " ".join(TEXT.split())
    said = (
        f"took {cost['exact']} times the CPU time of a plain one for the exact method, whose T "
        f"backward passes cannot take less than about (1 + 2T)/3; {cost['features']} at the "
        f"features, {cost['last_block']} at the last block, {cost['every=32']} with `every=32` and "
        f"{cost['fraction=1/32']} with `fraction=1/32`"
    )
    assert said in " ".join(Jacobian.__doc__.split())


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)#]+)\)", TEXT))
def test_links_exist(target):
    assert (ROOT / target).exists()


def test_every_method_and_builder_is_named():
    names = set(re.findall(r"`\"?(\w+)\"?`", TEXT))
    assert set(weighting.names()) <= names
    for room in (trunks, text, fusion, architectures, heads):
        assert set(builders(room)) <= names, room.__name__


def test_paths_in_the_table_exist():
    rows = re.findall(r"^\| (`[^|]*) \|", TEXT.split("## Where things are")[1], re.MULTILINE)
    for name in re.findall(r"`([^`]+)`", " ".join(rows)):
        assert any((folder / name).exists() for folder in (ROOT, ROOT / "mtl_keras")), name


def test_python_versions_are_those_of_the_metadata():
    assert "3.11 to 3.13" in TEXT
    assert ">=3.11,<3.14" in (ROOT / "setup.cfg").read_text()
    assert sys.version_info >= (3, 11)
