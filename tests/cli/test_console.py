"""Tables, JSON and messages."""

import argparse
import json
import os
import sys

import numpy as np
import pytest

from mtl_keras.cli import console


def test_columns_are_aligned_and_numbers_stand_right(capsys):
    console.table(("task", "rows"), [("digits", 1437), ("topics", None)], title="Sets")
    assert capsys.readouterr().out == "Sets\ntask     rows\ndigits  1,437\ntopics      -\n"


def test_a_table_may_be_empty(capsys):
    console.table(("task", "rows"), [])
    assert capsys.readouterr().out == "task  rows\n"


def test_a_terminal_gets_lines(monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    console.table(("task", "rows"), [("[digits]", 1437)])
    printed = capsys.readouterr().out
    assert "[digits]" in printed
    assert "─" in printed


def test_json_holds_plain_values(capsys):
    args = argparse.Namespace(json=True)
    console.show(args, {"score": np.float32(0.5), "nothing": float("nan"), "ä": (1,)})
    assert json.loads(capsys.readouterr().out) == {"score": 0.5, "nothing": None, "ä": [1]}


def test_quiet_leaves_messages_out(capsys):
    console.say(argparse.Namespace(quiet=True), "reading")
    console.say(argparse.Namespace(quiet=False), "training")
    assert capsys.readouterr().err == "training\n"


def test_long_messages_are_cut():
    assert len(console.one_line("word " * 1000)) < console.LONGEST_MESSAGE + 10


def test_working_makes_failures_of_values():
    with pytest.raises(console.Failure, match="damaged"), console.working():
        raise ValueError("The checkpoint is damaged")


def test_what_is_hidden_is_shown_when_it_fails(capfd):
    with console._hidden_stderr():
        os.write(2, b"chatter\n")
    assert capfd.readouterr().err == ""
    with pytest.raises(ImportError):
        _fail_while_hidden()
    assert "a library is missing" in capfd.readouterr().err


def _fail_while_hidden():
    with console._hidden_stderr():
        os.write(2, b"a library is missing\n")
        raise ImportError
