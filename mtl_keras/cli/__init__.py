"""The command `mtl-keras`: parses, calls the library, prints."""

import os
import sys
import traceback
import warnings

from mtl_keras._version import __version__
from mtl_keras.cli import compare, data, demo, evaluate, export, predict, reproduce, train
from mtl_keras.cli import list as list_command
from mtl_keras.cli.console import Failure, one_line
from mtl_keras.cli.options import Parser

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
COMMANDS = (demo, train, evaluate, predict, export, compare, reproduce, data, list_command)


def main(argv=None):
    """Runs `mtl-keras`.

    Args:
        argv: list of str, the arguments without the program's name. Defaults to `sys.argv[1:]`.

    Returns:
        The exit code: 0, 2 for bad usage, 1 for what failed, 130 for Ctrl-C.

    Example:
        >>> from mtl_keras.cli import main
        >>> main(["predict", "nowhere", "--task", "topics", "--text", "Rates rise"])
        2
    """
    try:
        args = parser().parse_args(argv)
    except SystemExit as stop:  # argparse has printed what there is to say.
        return stop.code or DONE
    try:
        with warnings.catch_warnings():
            return args.run(args) or DONE
    except KeyboardInterrupt:
        return _complain(args, "interrupted.", INTERRUPTED)
    except BrokenPipeError:  # The reader of a pipe has enough: `mtl-keras list | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Failure as error:
        return _complain(args, f"error: {one_line(error)}", FAILED)
    except ValueError as error:
        return _complain(args, f"error: {one_line(error)}", USAGE)
    except Exception as error:
        return _complain(args, f"error: {type(error).__name__}: {one_line(error)}", FAILED)


def parser():
    """Returns the argument parser of all commands."""
    top = Parser(
        prog="mtl-keras",
        description="Multi-task learning for Keras: one model, several tasks.",
        epilog="`mtl-keras COMMAND --help` says more about a command.",
    )
    top.add_argument("--version", action="version", version=f"mtl-keras {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_parser(commands)
    return top


def _complain(args, message, code):
    if args.debug:
        traceback.print_exc()
    print(f"mtl-keras: {message}", file=sys.stderr)
    return code
