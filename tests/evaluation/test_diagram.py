import itertools

import keras
import pytest
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from mtl_keras.evaluation import model_diagram
from mtl_keras.evaluation.blocks import blocks
from mtl_keras.evaluation.diagram import _layout

from .figures import nothing_is_cut_off


def dense(name):
    return keras.layers.Dense(4, name=name)


@pytest.fixture(scope="module")
def model():
    """Three inputs, two branches, a fused task, and arrows that pass a column."""
    x = {name: keras.Input((4,), name=name) for name in ("a_with_a_rather_long_name", "b", "c")}
    a, b, c = x.values()
    trunk, text = dense("trunk"), dense("text")
    fused = dense("fusion")(keras.layers.Concatenate()([trunk(b), text(c)]))
    outputs = {"u": dense("u")(trunk(a)), "v": dense("v")(text(c)), "w": dense("w")(fused)}
    return keras.Model(x, outputs)


def boxes(figure):
    return [p for p in figure.axes[0].patches if isinstance(p, FancyBboxPatch)]


def test_a_box_for_each_block_and_an_arrow_for_each_edge(model):
    figure, found = model_diagram(model), blocks(model)
    assert len(boxes(figure)) == len(found) == 9
    arrows = [p for p in figure.axes[0].patches if isinstance(p, FancyArrowPatch)]
    assert len(arrows) == sum(len(block.parents) for block in found)
    titles = [t.get_text() for t in figure.axes[0].texts if t.get_weight() == "bold"]
    assert titles == [block.title for block in found]


def test_nothing_overlaps_or_is_cut_off(model):
    figure = model_diagram(model)
    nothing_is_cut_off(figure)
    axes = figure.axes[0]
    frames = [box.get_window_extent() for box in boxes(figure)]
    for one, other in itertools.combinations(frames, 2):
        assert not one.overlaps(other)
    legend = axes.get_legend().get_window_extent()
    assert not any(legend.overlaps(frame) for frame in frames)
    for text in axes.texts:
        extent = text.get_window_extent()
        assert any(f.x0 <= extent.x0 and extent.x1 <= f.x1 for f in frames), text.get_text()


def test_arrows_run_to_the_right_and_places_are_taken_once(model):
    places, paths = _layout(blocks(model))
    assert len({tuple(place) for place in places}) == len(places)
    for stops in paths:
        for start, end in itertools.pairwise(stops):
            assert places[end][0] == places[start][0] + 1
    heads = {places[i][0] for i, block in enumerate(blocks(model)) if block.kind == "head"}
    assert heads == {places[:, 0].max()}


def test_parameters_are_counted_in_units():
    x = keras.Input((1000,), name="x")
    h = keras.layers.Dense(2000, name="trunk")(x)
    model = keras.Model({"x": x}, {"u": dense("u")(h), "v": keras.layers.ReLU(name="v")(h)})
    texts = [text.get_text() for text in model_diagram(model).axes[0].texts]
    expected = {"1000", "2 M parameters", "8 k parameters", "no parameters"}
    assert expected <= set(texts)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_saving(model, tmp_path, suffix):
    path = tmp_path / f"model.{suffix}"
    model_diagram(model, path)
    assert path.stat().st_size > 5000
