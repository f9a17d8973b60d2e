import keras
import numpy as np
import pytest

from mtl_keras.evaluation import plots


def history(tasks, epochs=4):
    random = np.random.default_rng(0)
    pairs = [f"conflict/{a}_{b}" for i, a in enumerate(tasks) for b in tasks[i + 1 :]]
    names = [*(f"{task}_weight" for task in tasks), *pairs]
    return {name: list(random.uniform(-0.2, 0.2, epochs)) for name in names}


def test_lines_are_the_logs():
    logs = {**history("abc"), "loss": [1.0] * 4, "val_a_weight": [9.0] * 4}
    left, right = plots.conflicts(logs).axes
    assert [line.get_label() for line in left.get_lines()[:3]] == ["a", "b", "c"]
    np.testing.assert_array_equal(left.get_lines()[1].get_ydata(), logs["b_weight"])
    assert [line.get_label() for line in right.get_lines()[:3]] == ["a_b", "a_c", "b_c"]


def test_many_pairs_are_a_map():
    logs = history("abcdef")
    _, right, _ = plots.conflicts(logs).axes
    (image,) = right.get_images()
    wanted = [values for name, values in logs.items() if name.startswith("conflict/")]
    np.testing.assert_array_equal(image.get_array(), wanted)


def test_a_method_that_gives_a_direction_has_cosines_only():
    logs = {name: values for name, values in history("ab").items() if "conflict" in name}
    found = keras.callbacks.History()
    found.history = logs
    assert [axes.get_title() for axes in plots.conflicts(found).axes] == ["cosine of two gradients"]


def test_nothing_to_draw():
    with pytest.raises(ValueError, match="compiled with log_weights=True"):
        plots.conflicts({"loss": [1.0]})
