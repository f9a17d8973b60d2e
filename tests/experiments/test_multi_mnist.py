import keras
import numpy as np
import pytest

from mtl_keras import clock
from mtl_keras.experiments import multi_mnist
from mtl_keras.experiments.multi_mnist import BestEpoch, batches, build, main, run


def splits(rows=40):
    random = np.random.default_rng(0)
    return {
        split: (
            random.integers(0, 256, (rows, 28, 28, 1), "uint8"),
            {task: random.integers(0, 10, rows, "int32") for task in multi_mnist.TASKS},
        )
        for split in ("train", "validation", "test")
    }


def test_network_starts_as_in_pytorch():
    model = build()
    assert model.count_params() == 27_450
    for layer in (layer for layer in model.layers if layer.weights):
        limit = np.prod(layer.kernel.shape[:-1]) ** -0.5
        for values in map(np.asarray, (layer.kernel, layer.bias)):
            assert np.abs(values).max() <= limit
            assert np.abs(values).max() > 0.7 * limit


def test_batches_are_all_rows_normalised_in_an_order_of_seed_and_epoch():
    pictures = np.arange(600, dtype="uint8").reshape(600, 1, 1, 1)
    labels = {"left": np.arange(600)}

    def order(seed):
        return np.concatenate([y["left"] for _, y in batches(pictures, labels, seed)])

    plain = list(batches(pictures, labels))
    assert [len(x["image"]) for x, _ in plain] == [256, 256, 88]
    wanted = (pictures[:256] / 255 - 0.1307) / 0.3081
    np.testing.assert_allclose(plain[0][0]["image"], wanted, atol=1e-5)
    first = order(1)
    np.testing.assert_array_equal(order(1), first)
    np.testing.assert_array_equal(np.sort(first), np.arange(600))
    assert (order(2) != first).any()
    clock.set_epoch(1)
    assert (order(1) != first).any()


def test_best_epoch_is_the_last_of_equals():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    best = BestEpoch()
    best.set_model(model)
    for epoch, score in enumerate([0.5, 0.7, 0.7, 0.6]):
        model.set_weights([np.full((1, 1), epoch), np.zeros(1)])
        best.on_epoch_begin(epoch)
        best.on_epoch_end(epoch, {"val_mean_score": score})
    assert (best.best_epoch, best.best) == (2, 0.7)
    assert best.best_weights[0] == 2


class Killed(Exception):
    pass


@pytest.mark.full
def test_interrupted_run_goes_on_and_a_finished_one_is_read(tmp_path, monkeypatch):
    data = splits()
    whole = run("pcgrad", 3, data, epochs=3, directory=tmp_path / "whole")
    began = BestEpoch.on_epoch_begin

    def die(self, epoch, logs=None):
        if epoch == 2:
            raise Killed
        began(self, epoch, logs)

    parts = tmp_path / "parts"
    with monkeypatch.context() as patch:
        patch.setattr(BestEpoch, "on_epoch_begin", die)
        with pytest.raises(Killed):
            run("pcgrad", 3, data, epochs=3, directory=parts)
    assert not list(parts.glob("*.json"))
    found = run("pcgrad", 3, data, epochs=3, directory=parts)
    for result in (whole, found):
        assert len(result["history"].pop("seconds")) == 3
    for key in ("history", "test", "score", "best_epoch", "configuration"):
        assert found[key] == whole[key]
    assert whole["configuration"]["protocol"] == "reduced: 3 of 100 epochs"
    (path,) = parts.iterdir()
    before = path.stat().st_mtime_ns
    assert run("pcgrad", 3, data, epochs=3, directory=parts)["score"] == found["score"]
    assert path.stat().st_mtime_ns == before


def test_command_trains_single_tasks_and_prints_the_table(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(multi_mnist.overlay, "overlaid", lambda *_: splits())
    options = ["--epochs", "1", "--seeds", "1", "--out", str(tmp_path)]
    main([*options, "--methods", "single_left", "single_right"])
    trained = capsys.readouterr().out
    assert "both alone" in trained
    main([*options, "--table"])
    assert capsys.readouterr().out == trained
