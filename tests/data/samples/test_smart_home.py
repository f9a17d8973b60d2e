import numpy as np
import pytest

from mtl_keras.data import Source, load
from mtl_keras.data.samples import smart_home


@pytest.fixture(scope="module")
def parts(sample):
    return [sample("smart_home")[part] for part in ("train", "test")]


def test_each_kind_and_state_as_often(parts):
    for _, labels in parts:
        counts = np.bincount(2 * labels["label"] + labels["state"])
        assert len(set(counts.tolist())) == 1


def test_views_are_grey_pictures(parts):
    for inputs, labels in parts:
        for view in smart_home.VIEWS:
            assert inputs[view].shape == (len(labels["label"]), 64, 64, 1)
            assert inputs[view].dtype == np.uint8


def test_a_failed_sensor_is_black_and_one_works(parts):
    for inputs, _ in parts:
        working = np.stack([v.reshape(len(v), -1).any(axis=1) for v in inputs.values()])
        alive = np.stack([v.reshape(len(v), -1).all(axis=1) for v in inputs.values()])
        np.testing.assert_array_equal(working, alive)
        assert working.any(axis=0).all()
        assert abs(working.mean() - 0.803) < 0.03  # 0.8, and what keeps a last view


def test_failures_tell_nothing_of_the_answer(parts):
    inputs, labels = parts[0]
    for view in inputs.values():
        failed = ~view.reshape(len(view), -1).any(axis=1)
        for column in ("label", "state"):
            assert abs(labels[column][failed].mean() - 0.5) < 0.08


def test_pictures_stay_what_they_were(parts):
    means = {view: parts[0][0][view].mean() for view in smart_home.VIEWS}
    wanted = {"camera": 111.7837, "depth": 90.0365, "thermal": 103.5615}
    assert means == pytest.approx(wanted, abs=2e-3)


def test_a_linear_model_of_all_views_fails(parts):
    linear_model = pytest.importorskip("sklearn.linear_model")

    def pixels(inputs):
        views = [v.reshape(-1, 16, 4, 16, 4).mean((2, 4)) for v in inputs.values()]
        return np.stack(views, 1).reshape(len(views[0]), -1) / 255

    (x, y), (x_test, y_test) = parts
    for column, most in (("label", 0.68), ("state", 0.78)):
        model = linear_model.RidgeClassifier(10).fit(pixels(x), y[column])
        assert model.score(pixels(x_test), y_test[column]) < most


def test_load_gives_an_input_for_each_view_and_a_task_for_each_column():
    source = Source("sample/smart_home", labels={"kind": "label", "state": "state"})
    data = load(home=source, batch_size=50)
    assert data.tasks == ["kind", "state"]
    assert list(data.inputs()) == ["home_camera", "home_depth", "home_thermal"]
    inputs, labels = next(iter(data.train))
    assert inputs["home_depth"].shape == (50, 64, 64, 1)
    assert labels["state"].shape == (50,)
