import numpy as np
import pytest

from mtl_keras.architectures import Mixing
from mtl_keras.evaluation.plots import sharing_maps

from .figures import nothing_is_cut_off

TASKS = ["digits", "a task of a long name"]


def table(rows, columns, seed=0, scale=1.0):
    weights = scale * np.random.default_rng(seed).uniform(size=(len(rows), len(columns)))
    return Mixing(weights, rows, columns)


def test_a_map_for_each_place():
    tables = {f"ple gates level {i}": table(TASKS, ["digits 1", "shared 1"], i) for i in (1, 2)}
    tables["ple gates level 2"].weights[1, 0] = np.nan
    figure = sharing_maps(tables)
    first, second, bar = figure.axes
    assert first.get_title() == "ple gates level 1"
    assert [label.get_text() for label in first.get_yticklabels()] == TASKS
    assert [label.get_text() for label in first.get_xticklabels()] == ["digits 1", "shared 1"]
    np.testing.assert_array_equal(first.images[0].get_array(), tables["ple gates level 1"].weights)
    shown = [text.get_text() for text in second.texts]
    weights = tables["ple gates level 2"].weights
    assert shown == [f"{weights[0, 0]:.2f}", f"{weights[0, 1]:.2f}", f"{weights[1, 1]:.2f}"]
    assert second.images[0].get_array().mask.tolist() == [[False, False], [True, False]]
    assert bar.get_ylabel() == "weight"
    nothing_is_cut_off(figure)


def test_weights_outside_of_0_and_1_are_signed():
    figure = sharing_maps({"stage 1": Mixing(np.array([[1.4, -0.4], [0.1, 0.9]]), TASKS, TASKS)})
    assert figure.axes[0].images[0].get_clim() == (-1.4, 1.4)
    nothing_is_cut_off(figure)


@pytest.mark.parametrize("channels", [16, 128])
def test_masks_of_many_channels(channels):
    columns = [str(i) for i in range(channels)]
    figure = sharing_maps({f"mtan stage {i}": table(TASKS, columns, i) for i in range(4)})
    assert len(figure.axes[0].texts) == (2 * 16 if channels == 16 else 0)
    nothing_is_cut_off(figure)


def test_nothing_to_draw():
    with pytest.raises(ValueError, match="hard sharing has none"):
        sharing_maps({})
