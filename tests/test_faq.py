"""docs/faq.md: its figures agree with the results."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def faq():
    return runpy.run_path(str(ROOT / "results" / "faq.py"))


def test_figures_agree_with_the_results(faq):
    text = (ROOT / "docs" / "faq.md").read_text()
    assert faq["fill"](text) == text


def test_every_block_stands_under_a_question_of_its_own(faq):
    text = (ROOT / "docs" / "faq.md").read_text()
    questions = text.split("\n## ")[1:]
    assert len(questions) == len(faq["BLOCKS"])
    for question, block in zip(questions, faq["BLOCKS"]):
        assert question.splitlines()[0].endswith("?")
        assert f"<!-- {block.__name__} -->" in question


def test_runs_that_are_missing_are_said_to_be(faq):
    assert faq["table"](("a",), []) == faq["MISSING"]
