import copy
import io
import json
import math

import numpy as np
import pytest
from scipy import stats

from mtl_keras.evaluation import Comparison, delta_m

SCORES = {  # task: metric, higher is better, multi and single per seed
    "digits": ("accuracy", True, [0.99, 0.98, 0.985], [0.98, 0.985, 0.975]),
    "depth": ("mae", False, [1.1, 1.2, 1.15], [1.0, 1.0, 1.2]),
}


def run(kind, tasks, seed, scores):
    return {
        "kind": kind,
        "seed": seed,
        "examples": {
            "digits": {"train": 5000, "test": 400, "official_train": 60000},
            "depth": {"train": 700, "test": 100, "official_train": None},
        },
        "parameters": 1000 * len(tasks),
        "trainable_parameters": 900,
        "flops": 5e6,
        "seconds": 10.0 + seed,
        "cpu_seconds": 20.0,
        "history": {f"val_{t}_{SCORES[t][0]}": [0.5, None, 0.9 + seed / 100] for t in tasks},
        "tasks": {
            t: {
                "metric": SCORES[t][0],
                "higher_is_better": SCORES[t][1],
                "score": scores[t],
                "classes": ["a", "b"] if t == "digits" else None,
                "confusion": [[3, 1], [0, 4]] if t == "digits" else None,
                "samples": {"index": [4, 0], "label": [0, 1], "prediction": [1, 1]}
                if t == "digits"
                else None,
            }
            for t in tasks
        },
    }


def runs(seeds=3):
    found = []
    for seed in range(seeds):
        found.append(run("multi", list(SCORES), seed, {t: s[2][seed] for t, s in SCORES.items()}))
        found += [run("single", [t], seed, {t: s[3][seed]}) for t, s in SCORES.items()]
    return found


def test_table_holds_means_and_paired_intervals():
    table = Comparison(runs()).table()
    for task, (metric, higher, multi, single) in SCORES.items():
        row = table["tasks"][task]
        assert (row["metric"], row["higher_is_better"]) == (metric, higher)
        assert row["multi"].mean == pytest.approx(np.mean(multi))
        expected = stats.ttest_rel(multi, single).confidence_interval(0.95)
        assert row["difference"][1:] == pytest.approx((expected.low, expected.high))
    assert table["tasks"]["digits"]["percent"]
    assert table["tasks"]["digits"]["official_train_examples"] == 60000
    error = stats.binom(400, 0.985).std() / 400
    assert table["tasks"]["digits"]["multi_standard_error"] == pytest.approx(error)
    assert "multi_standard_error" not in table["tasks"]["depth"]


def test_delta_m_is_taken_per_seed():
    table = Comparison(runs()).table()
    changes = [
        delta_m(
            {t: s[2][i] for t, s in SCORES.items()},
            {t: s[3][i] for t, s in SCORES.items()},
            {t: s[1] for t, s in SCORES.items()},
        )
        for i in range(3)
    ]
    expected = stats.ttest_1samp(changes, 0).confidence_interval(0.95)
    assert table["delta_m"] == pytest.approx((np.mean(changes), expected.low, expected.high))
    assert table["delta_m"].mean < 0  # the depth task loses more than the digits win


def test_costs_are_those_of_all_single_models_together():
    cost = Comparison(runs()).table()["cost"]
    assert cost["parameters"] == {"multi": 2000, "single": 2000}
    assert cost["seconds"] == {"multi": 11, "single": 22}
    assert cost["flops"] == {"multi": 5e6, "single": 1e7}


def test_seconds_and_memory_of_a_step_are_shown_where_all_runs_say():
    found = runs()
    assert "of a step" not in Comparison(found).markdown()
    for number, each in enumerate(found):
        each |= {"step_seconds": 0.25, "peak_mb": 100.0 + number % 3}
    table = Comparison(found)
    assert table.table()["cost"]["step_seconds"] == {"multi": 0.25, "single": 0.5}
    assert table.table()["cost"]["peak_mb"] == {"multi": 100, "single": 102}
    assert "| peak memory of training, MB | 100 | 102 | 0.98 |" in table.markdown()


def test_markdown():
    text = Comparison(runs()).markdown()
    assert "| digits | accuracy | 98.50 % ± 1.24 | 98.00 % ± 1.24 | +0.50 points [" in text
    assert "| depth | mae ↓ | 1.15 ± 0.12 | 1.067 ± 0.29 | +0.0833 [" in text
    assert "| 5,000 of 60,000 |" in text
    assert "| 700 |" in text
    assert "positive = multi-task better" in text
    assert "| seconds of training | 11 | 22 | 0.50 |" in text
    for table in text.split("\n\n"):
        if table.startswith("|"):
            assert len({line.count("|") for line in table.splitlines()}) == 1


def test_one_seed_has_the_error_of_the_test_set_and_no_interval():
    comparison = Comparison(runs(1))
    text = comparison.markdown()
    assert "| 99.00 % ± 0.50 | 98.00 % ± 0.70 | +1.00 points |" in text
    assert "| 1.1 | 1 | +0.1 |" in text
    assert "One seed" in text
    assert "nan" not in text
    assert math.isnan(comparison.table()["delta_m"].low)


def test_a_missing_score_is_nan_not_an_error():
    broken = runs(2)
    broken[0]["tasks"]["digits"]["score"] = None
    comparison = Comparison(broken)
    assert math.isnan(comparison.table()["tasks"]["digits"]["multi"].mean)
    assert "nan % ± nan" in comparison.markdown()


def test_json_round_trip(tmp_path):
    comparison = Comparison(runs(1))
    comparison.to_json(tmp_path / "comparison.json")
    text = (tmp_path / "comparison.json").read_text()
    assert "NaN" not in text
    assert json.loads(text)["table"]["tasks"]["digits"]["multi"]["mean"] == 0.99
    again = Comparison.from_json(tmp_path / "comparison.json")
    assert again.markdown() == comparison.markdown()


def test_print_is_a_table_on_a_terminal_and_markdown_elsewhere(monkeypatch):
    comparison = Comparison(runs())
    plain = io.StringIO()
    comparison.print(plain)
    assert plain.getvalue() == comparison.markdown()

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    comparison.print(terminal)
    text = terminal.getvalue()
    assert "| --- |" not in text
    assert "98.50 % ± 1.24" in text
    assert "5,000 of 60,000" in text  # nothing is cut at 80 columns
    assert "…" not in text


def test_plot_writes_pictures(tmp_path):
    class Data:
        def raw(self, task, split):
            assert (task, split) == ("digits", "test")
            return {"digits_image": np.zeros((5, 8, 8, 1), "uint8")}, np.zeros(5)

    paths = Comparison(runs(2), Data()).plot(tmp_path / "plots")
    names = {"learning_curves", "task_bars", "confusion_matrices", "samples_digits"}
    assert paths.keys() == names
    for path in paths.values():
        assert path.read_bytes().startswith(b"\x89PNG")
    assert "samples_digits" not in Comparison(runs(1)).plot(tmp_path / "plain")


def test_curves():
    curves = Comparison(runs(2)).curves()
    assert list(curves) == ["digits", "depth"]
    first, gap, last = curves["digits"]["single-task"][1]
    assert (first, last) == (0.5, 0.91)
    assert math.isnan(gap)


def test_incomplete_runs_are_refused():
    with pytest.raises(ValueError, match=r"without a run: \[\('depth', 2\)\]"):
        Comparison(runs()[:-1])
    with pytest.raises(ValueError, match="`runs`"):
        Comparison([])


def test_nothing_is_changed_in_the_runs():
    found = runs()
    before = copy.deepcopy(found)
    Comparison(found).markdown()
    assert found == before
