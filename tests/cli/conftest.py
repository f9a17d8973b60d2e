"""One finished run and its export, small, for the tests of this folder."""

import pytest

from mtl_keras.cli import main

TASKS = ["digits=sample/digits", "topics=sample/headlines"]
SMALL = ["--examples", "64", "--batch-size", "32", "--width", "2", "--epochs", "2"]


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory):
    """The directory of a finished run of two tasks."""
    path = tmp_path_factory.mktemp("runs") / "two"
    assert main(["train", *TASKS, *SMALL, "--out", str(path), "--quiet"]) == 0
    return path


@pytest.fixture(scope="session")
def export_dir(run_dir):
    """The export of that run."""
    path = run_dir.parent / "export"
    assert main(["export", str(run_dir), "--out", str(path), "--quiet"]) == 0
    return path
