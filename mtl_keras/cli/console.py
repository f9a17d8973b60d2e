"""What the commands print: results on standard output, messages on standard error."""

import contextlib
import json
import logging
import os
import sys
import tempfile
import warnings

LONGEST_MESSAGE = 600


class Failure(Exception):
    """What was asked for was right, but could not be done."""


@contextlib.contextmanager
def working():
    """Turns errors of values into a `Failure`: from here on they are no longer the user's."""
    try:
        yield
    except ValueError as error:
        raise Failure(str(error)) from error


def start():
    """Loads TensorFlow without its chatter, and has warnings printed as messages."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name in ("tensorflow", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if "tensorflow" not in sys.modules:
        # It writes to the file descriptor before it reads how much it should write.
        with _hidden_stderr():
            import tensorflow  # noqa: F401
    warnings.simplefilter("ignore")
    warnings.filterwarnings("default", category=UserWarning, module="mtl_keras")
    warnings.showwarning = _show_warning


@contextlib.contextmanager
def _hidden_stderr():
    """Keeps back what is written to standard error; an error shows all of it."""
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(saved, 2)
            kept.seek(0)
            sys.stderr.write(kept.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def _show_warning(message, category, filename, lineno, file=None, line=None):
    print(f"mtl-keras: warning: {one_line(message)}", file=sys.stderr)


def one_line(message):
    """Returns a message on one line, a long one cut.

    Example:
        >>> one_line("There is no file.\\nLook elsewhere.")
        'There is no file. Look elsewhere.'
    """
    text = " ".join(str(message).split())
    return text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]} ..."


def say(args, message):
    """Prints a message on standard error, unless `--quiet` was given."""
    if not args.quiet:
        print(message, file=sys.stderr, flush=True)


def show(args, result, *tables):
    """Prints a result: as JSON with `--json`, else as tables.

    Args:
        args: the parsed arguments.
        result: what JSON shows, of plain, NumPy or tensor values.
        *tables: functions of no arguments that print.
    """
    if args.json:
        from mtl_keras.evaluation.results import plain

        print(json.dumps(plain(result), indent=2, ensure_ascii=False), flush=True)
        return
    for number, table in enumerate(tables):
        if number:
            print()
        table()
    sys.stdout.flush()  # What is said next on standard error is to come next.


def table(header, rows, title=None):
    """Prints a table: with lines on a terminal, in aligned columns elsewhere.

    Args:
        header: sequence of str.
        rows: sequence of sequences of what `str` makes a cell; columns of numbers stand right.
        title: str, printed above. Defaults to none.

    Example:
        >>> table(("task", "test"), [("digits", 0.5), ("topics", "-")])
        task    test
        digits   0.5
        topics     -
    """
    rows = [[_cell(cell) for cell in row] for row in rows]
    right = [
        bool(rows) and all(cell[:1].isdigit() or cell in ("-", "") for cell in column)
        for column in zip(*rows)
    ] or [False] * len(header)
    if title:
        print(title)
    if sys.stdout.isatty():
        _lined(header, rows, right)
        return
    widths = [max(map(len, column)) for column in zip(header, *rows)]
    for row in [header, *rows]:
        cells = (c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right))
        print("  ".join(cells).rstrip())


def _lined(header, rows, right):
    from rich import box
    from rich.console import Console
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, number in zip(header, right):
        made.add_column(name, justify="right" if number else "left")
    for row in rows:
        made.add_row(*row)
    Console(highlight=False, markup=False).print(made)


def _cell(value):
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def percent(share, error=None):
    """Returns a share as text in per cent, with its standard error.

    Example:
        >>> percent(0.915, 0.014)
        '91.5 % ± 1.4'
    """
    return f"{100 * share:.1f} %" + ("" if error is None else f" ± {100 * error:.1f}")
