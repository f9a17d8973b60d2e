"""The claims over all experiments."""

from mtl_keras import experiments
from mtl_keras.experiments import claims, overview, plan, runner, storage


def test_an_answer_counts_every_aspect_of_every_experiment():
    found = {
        "image_text": [claims.Verdict("C1", "tuned: digits, joint minus alone", "supported", "+1")],
        "image_mlp": [claims.Verdict("C1", "another", "refuted", "-1")],
    }
    (row,) = overview.claims_table(found).rows
    assert row[0] == "C1"
    assert row[2:] == ("refuted", "1 / 1 / 0", "`image_text` tuned: digits, joint minus alone: +1")


def test_headlines_are_aspects_that_the_experiments_judge(tmp_path):
    """All rows of an experiment come to the same made-up numbers; its verdicts name the aspects."""
    for name in experiments.ARTICLES:
        module = experiments.get(name)
        for rows in module.variants("laptop").values():
            for settings in rows.values():
                path = plan.result_path(tmp_path / name / "runs", name, settings, 0)
                storage.write(path, _made_up(settings.get("tasks", []), module))
    found = overview.verdicts(tmp_path, seeds=[0])
    for claim, by_name in overview.HEADLINES.items():
        for name, aspects in by_name.items():
            judged = {v.aspect for v in found[name] if v.claim == claim}
            assert set(aspects) <= judged, (name, claim)


def _made_up(tasks, module):
    tasks = [*tasks, "objects"] if hasattr(module, "NUMBERS") else tasks
    score = {"metric": "accuracy", "higher_is_better": True, "score": 0.5}
    return {
        "seed": 0, "parameters": 10, "flops": 10, "epoch_cpu_seconds": 1.0, "cpu_seconds": 1.0,
        "tasks": {task: dict(score) for task in tasks},
        "train": dict.fromkeys(tasks, 0.5),
        "disturbed": {"blur": [[1.0, dict.fromkeys(tasks, 0.5)]]},
        "history": {f"val_{task}_accuracy": [0.5] for task in tasks},
    }  # fmt: skip


def test_nothing_is_judged_without_results(tmp_path):
    found = overview.verdicts(tmp_path)
    assert set(found) == set(experiments.ARTICLES)
    assert overview.claims_table(found).rows == []
    assert runner.read(experiments.get("image_text"), "laptop", [0], tmp_path).runs == {}
