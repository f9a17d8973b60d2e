"""Tables of results."""

import pytest

from mtl_keras.experiments import claims, runner, tables

from . import toy_experiment


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return runner.run(toy_experiment.MODULE, seeds=[0, 1], out=out, say=lambda line: None)


def test_scores_of_chosen_rows(results):
    table = tables.scores(results, "article", ["a alone"])
    assert table.header == ("row", "a", "b", "training rows", "seeds")
    assert table.rows == [("a alone", "80.05 ± 0.64", "", "90", "2")]


def test_gains_need_a_joint_model_and_one_alone(results):
    table, text = tables.gains(results, "article")
    assert [row[0] for row in table.rows] == ["a", "b"]
    assert text.text.startswith("delta-m, positive where the joint model is better: +12.49 %")
    assert tables.gains(results, "again") == []


def test_costs(results):
    assert tables.cost(results, "article").rows[0] == ("joint", "1,000", "2,000", "1.5", "3")


def test_verdicts_of_chosen_claims():
    found = [
        claims.Verdict("C1", "a", "supported", "+1"),
        claims.Verdict("C1", "b", "refuted", "-1"),
        claims.Verdict("C4", "a", "undecided", "+0"),
    ]
    assert len(tables.verdicts(found).rows) == 3
    assert tables.verdicts(found, "C4").rows == [("C4", "a", "undecided", "+0")]
    assert [row[::2] for row in tables.whole(found).rows] == [
        ("C1", "refuted"), ("C4", "undecided"),
    ]  # fmt: skip
