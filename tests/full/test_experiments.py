"""Every row of every article's experiment at smoke scale, twice: made, then read."""

import pytest

from mtl_keras import experiments
from mtl_keras.experiments import render, report, runner

pytestmark = pytest.mark.full


@pytest.mark.parametrize("name", experiments.ARTICLES)
def test_everything_at_smoke_scale(name, tmp_path):
    module, lines = experiments.get(name), []
    results = runner.run(module, "smoke", out=tmp_path, say=lines.append)
    left_out = [line for line in lines if "left out" in line]
    assert all("imdb" in line or "trec" in line for line in left_out), left_out
    for variant, rows in module.variants("smoke").items():
        assert variant in ("imdb", "trec") or results.has(variant, *rows)
    lines.clear()
    assert runner.run(module, "smoke", out=tmp_path, say=lines.append).runs == results.runs
    assert all("is there" in line or "left out" in line for line in lines)
    assert module.verdicts(results)
    blocks = report.blocks(module, results, "smoke", tmp_path / name)
    markdown, page = render.write(blocks, tmp_path / name)
    assert markdown.stat().st_size > 2000
    assert page.read_text().count("<table>") > 5
