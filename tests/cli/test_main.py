"""The command as a whole: help, exit codes, errors."""

import os
import subprocess
import sys

import pytest

from mtl_keras import cli
from mtl_keras.cli import console, main

HELP_WITHOUT_TENSORFLOW = """
import sys
from mtl_keras import cli
for command in ([], *([c.__name__.rpartition(".")[2]] for c in cli.COMMANDS)):
    assert cli.main([*command, "--help"]) == 0, command
assert cli.main(["--version"]) == 0
heavy = {"tensorflow", "keras", "numpy", "matplotlib", "scipy", "rich"} & set(sys.modules)
assert not heavy, heavy
"""


def test_help_and_version_do_not_load_tensorflow():
    done = subprocess.run([sys.executable, "-c", HELP_WITHOUT_TENSORFLOW], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


def test_nothing_of_tensorflow_is_printed_and_a_closed_pipe_is_no_error():
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    command = f"{sys.executable} -m mtl_keras list; echo $? >&2"
    done = subprocess.run(
        ["sh", "-c", f"({command}) | head -n 1"], capture_output=True, env=environment, text=True
    )
    assert done.stdout.startswith("weightings")
    assert done.stderr == "0\n"


def test_no_command_is_bad_usage(capsys):
    assert main([]) == 2
    assert "required: COMMAND" in capsys.readouterr().err


def test_an_unknown_command_is_bad_usage_in_two_lines(capsys):
    assert main(["trian"]) == 2
    error = capsys.readouterr().err
    assert "'trian' (choose from" in error
    assert "See mtl-keras --help." in error
    assert len(error.splitlines()) == 2


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ValueError("Argument `x` is wrong.\nReceived: 1"), 2, "error: Argument `x` is wrong. Rec"),
        (console.Failure("Model file 'm' is damaged"), 1, "error: Model file 'm' is damaged"),
        (OSError(28, "No space left on device", "a"), 1, "error: OSError: [Errno 28] No space"),
        (KeyboardInterrupt(), 130, "interrupted."),
    ],
)
def test_exit_codes_and_messages(monkeypatch, capsys, error, code, message):
    def run(args):
        raise error

    monkeypatch.setattr(cli.list_command, "run", run)
    assert main(["list"]) == code
    printed = capsys.readouterr().err
    assert printed.startswith(f"mtl-keras: {message}")
    assert len(printed.splitlines()) == 1


def test_debug_prints_the_traceback(monkeypatch, capsys):
    def run(args):
        raise ValueError("Wrong.")

    monkeypatch.setattr(cli.list_command, "run", run)
    assert main(["list", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_warnings_of_the_library_are_messages_and_others_are_not_shown(monkeypatch, capsys):
    import warnings

    def run(args):
        console.start()
        warnings.warn("of somebody else", stacklevel=1)
        warnings.warn_explicit("of ours", UserWarning, "x.py", 1, module="mtl_keras.data.tfds")

    monkeypatch.setattr(cli.list_command, "run", run)
    assert main(["list"]) == 0
    assert capsys.readouterr().err == "mtl-keras: warning: of ours\n"
