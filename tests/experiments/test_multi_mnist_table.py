import pytest

from mtl_keras.experiments.multi_mnist_table import markdown, verdict


def run(method, seed, left, right=None, protocol="published", pictures="mnist"):
    scores = {"left": left} if right is None else {"left": left, "right": right}
    if method == "single_right":
        scores = {"right": left}
    return {
        "seed": seed,
        "configuration": {"method": method, "protocol": protocol, "pictures": pictures},
        "tasks": {task: {"score": score} for task, score in scores.items()},
        "score": sum(scores.values()) / len(scores),
        "history": {"seconds": [3.0, 5.0, 4.0]},
    }


@pytest.mark.parametrize(
    ("shift", "wanted"), [(0.0, "inside"), (0.019, "inside"), (0.021, "above"), (-0.021, "below")]
)
def test_verdict_is_two_standard_errors_of_the_difference(shift, wanted):
    # Both standard errors: 0.01 / sqrt(2).
    spread = 0.01 / 2**0.5
    scores = [0.9 + shift + spread, 0.9 + shift - spread]
    assert verdict(scores, 0.9, 1.96 * spread) == wanted


def test_rows_and_columns():
    runs = [
        run("equal", 1, 0.96, 0.94),
        run("equal", 2, 0.95, 0.93),
        run("nash_mtl", 1, 0.97, 0.95),
        run("pcgrad", 1, 0.97, 0.95),
        run("pcgrad", 2, 0.99, 0.95),
        run("single_left", 1, 0.97),
        run("single_right", 1, 0.95),
        run("single_left", 2, 0.90),
    ]
    rows = [line.split(" | ") for line in markdown(runs).splitlines() if line.startswith("| ")]
    equal, pcgrad, nash, alone = rows[1:]
    assert equal[0] == "| Unit. Scal."
    assert equal[1] == "94.76 ± 0.44"
    assert equal[2].startswith("94.50 ± 6.35")  # t(1) x 0.005
    assert equal[3:6] == ["2", "inside", ""]
    assert equal[8] == "4.0 |"
    assert pcgrad[5] == "+2.00 ± 12.71"  # of 1 and 3, over the seeds of equal weights
    assert nash[:6] == ["| nash_mtl", "", "96.00", "1", "", "+1.00"]
    assert alone[:8] == ["| both alone", "", "96.00", "1", "", "", "97.00", "95.00"]


def test_reduced_runs_have_a_table_of_their_own():
    reduced = "reduced: 30 of 100 epochs"
    text = markdown([run("equal", 1, 0.9, 0.9), run("equal", 1, 0.8, 0.8, protocol=reduced)])
    published, other = text.split("Overlaid pictures")[1:]
    assert "protocol published" in published
    assert "| 90.00 |" in published
    assert "94.76" in published
    assert f"protocol {reduced}" in other
    assert "94.76" not in other
    assert "| 80.00 |" in other


def test_recreated_pictures_are_compared_with_nothing():
    text = markdown([run("equal", seed, 0.9, 0.9, pictures="fashion") for seed in (1, 2)])
    assert "re-creation" in text
    assert "94.76" not in text
    assert "inside" not in text.split("|---")[1]
