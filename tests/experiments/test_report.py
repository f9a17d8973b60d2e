"""Reports of results."""

import base64
import re

import pytest

from mtl_keras.experiments import render, report, runner
from mtl_keras.experiments.blocks import Heading, Picture, Table, Text

from . import toy_experiment


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A report of two seeds, as Markdown and HTML."""
    out = tmp_path_factory.mktemp("out")
    results = runner.run(toy_experiment.MODULE, seeds=[0, 1], out=out, say=lambda line: None)
    folder = out / "toy_experiment"
    blocks = report.blocks(toy_experiment.MODULE, results, "smoke", folder)
    markdown, page = render.write(blocks, folder, "report-smoke")
    return blocks, markdown, page


def test_it_says_how_it_was_made(written):
    _, markdown, _ = written
    text = markdown.read_text()
    assert text.startswith("# A toy\n\nScale `smoke`, 2 seeds (0, 1), ")
    assert "Protocol. Nothing is trained." in text
    assert "the code is tested, not the claims" in text


def test_tables_of_scores_differences_and_costs(written):
    text = written[1].read_text()
    assert re.search(r"\| joint \| 90\.05 ± 0\.64 \| 90\.05 ± 0\.64 \| 90 \| 2 \|", text)
    assert "| a | +10.00 [+10.00, +10.00] points |  |" in text
    assert "| joint | 1,000 | 2,000 | 1.5 | 3 |" in text
    assert "delta-m" in text
    # precision (40/45 + 45/55) / 2, recall (.8 + .9) / 2; F1 of each class, averaged
    assert "| joint, a | 85.35 | 85.00 | 84.96 | +4.95 points |" in text


def test_verdicts_are_in_it(written):
    text = written[1].read_text()
    assert "| C1 | article: a, joint minus alone | supported | +10.00" in text
    assert "| C1 | Training several tasks in one model raises the accuracy of each. | " in text


def test_pictures_lie_beside_the_markdown_and_within_the_page(written):
    blocks, markdown, page = written
    pictures = [block for block in blocks if isinstance(block, Picture)]
    assert {block.name for block in pictures} >= {
        "article: learning curves",
        "article: confusion of the joint model",
        "article: a, disturbed",
    }
    for path in re.findall(r"!\[[^]]*\]\(([^)]+)\)", markdown.read_text()):
        assert (markdown.parent / path).read_bytes().startswith(b"\x89PNG")
    html = page.read_text()
    inside = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    assert len(inside) == len(pictures)
    assert base64.b64decode(inside[0]).startswith(b"\x89PNG")
    assert "http" not in re.sub(r'base64,[^"]+', "", html)


def test_text_is_escaped(tmp_path):
    blocks = [Heading("a < b", 1), Text("`x` & <y>"), Table(("<h>",), [("<c>",)])]
    _, page = render.write(blocks, tmp_path)
    html = page.read_text()
    assert "<h1>a &lt; b</h1>" in html
    assert "<p><code>x</code> &amp; &lt;y&gt;</p>" in html
    assert "<td>&lt;c&gt;</td>" in html


def test_files_of_the_scale_are_shown(tmp_path):
    results = runner.Results({})
    (tmp_path / "pictures").mkdir()
    for name in ("smoke-eight.png", "full-eight.png"):
        (tmp_path / "pictures" / name).write_bytes(b"\x89PNG")
    blocks = report.blocks(toy_experiment.MODULE, results, "smoke", tmp_path)
    assert [b.name for b in blocks if isinstance(b, Picture)] == ["smoke-eight"]
    assert any(b.text == "Scale `smoke`: there are no results." for b in blocks[:2])
