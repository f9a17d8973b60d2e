"""A run that was interrupted and resumed is the run that was not, bit for bit."""

import itertools
import os
import random
import signal
import time
import types

import keras
import numpy as np
import pytest
from toy_tasks import LOSSES, arrays, build, dataset, same, train, values

import mtl_keras as mtl
from mtl_keras.callbacks import Checkpoint


class Killed(Exception):
    """Stands for a process that ends here."""


class Kill(keras.callbacks.Callback):
    """Ends the run after so many batches, at the beginning of an epoch or in its validation."""

    def __init__(self, after=None, epoch=None, validation=None):
        super().__init__()
        self.left, self.epoch, self.validation, self.now = after, epoch, validation, None

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch
        if epoch == self.epoch:
            raise Killed

    def on_train_batch_end(self, batch, logs=None):
        self.left = self.left and self.left - 1
        if self.left == 0:
            raise Killed

    def on_test_begin(self, logs=None):
        if self.now == self.validation:
            raise Killed


def own_data():
    """Shuffled and augmented by this package; 3 steps an epoch."""
    inputs, labels = arrays(14)
    pictures = np.random.default_rng(0).integers(0, 256, (10, 3, 4, 1)).astype("uint8")
    tables = {
        "flat": ({"x": inputs["x"]}, {"zeta": labels["zeta"]}),
        "pictures": ({"z": pictures}, {"alpha": labels["alpha"][:10]}),
    }
    augment = {"z": mtl.data.Augmentation(crop=1, flip=True, brightness=0.2)}
    return mtl.data.zip_tasks(tables, batch_size=4, seed=1, augment=augment)


def own_model():
    """Two sources over one layer, with dropout and private batch normalisation."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    x, z = keras.Input((6,), name="x"), keras.Input((3, 4, 1), name="z")
    trunk, drop = layers.Dense(6, name="trunk"), layers.Dropout(0.3)
    flat = layers.Dense(6)(layers.Flatten()(z))
    outputs = {
        "zeta": layers.Dense(3)(layers.BatchNormalization()(drop(trunk(x)))),
        "alpha": layers.Dense(1)(drop(trunk(flat))),
    }
    return mtl.MultiTaskModel({"x": x, "z": z}, outputs)


def run(directory, weighting=None, *callbacks, every_steps=None, epochs=3, **options):
    """Trains a fresh model, resuming where the directory holds a checkpoint."""
    model = own_model()
    method = mtl.weighting.PCGrad(seed=5) if weighting == "pcgrad" else weighting
    losses = {task: LOSSES[task] for task in model.tasks}
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    model.compile(optimizer, losses, metrics="accuracy", weighting=method, run_eagerly=True)
    stop = keras.callbacks.EarlyStopping("loss", patience=9, restore_best_weights=True)
    plateau = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=0, min_delta=9.0)
    checkpoint = [] if directory is None else [Checkpoint(directory, every_steps)]
    history = model.fit(
        own_data(),
        epochs=epochs,
        verbose=0,
        callbacks=[stop, *checkpoint, plateau, *callbacks],
        **options,
    )
    state = values([*model.variables, *model.optimizer.variables])
    return {
        "state": state,
        "history": history.history,
        "epochs": history.epoch,
        "best": (stop.best, stop.wait, stop.best_epoch, plateau.wait, plateau.best),
    }


def equal(found, wanted):
    assert found["history"] == wanted["history"]
    assert found["epochs"] == wanted["epochs"]
    assert found["best"] == wanted["best"]
    assert same(found["state"], wanted["state"])


@pytest.mark.parametrize(
    ("weighting", "kills", "every_steps"),
    [
        pytest.param("dwa", [{"epoch": 2}], None, marks=pytest.mark.full),
        ("pcgrad", [{"after": 2}], 1),
        pytest.param(
            "uncertainty", [{"after": 3}, {"after": 2}, {"after": 3}], 2, marks=pytest.mark.full
        ),
    ],
)
def test_interrupted_and_resumed_is_uninterrupted(weighting, kills, every_steps, tmp_path):
    wanted = run(None, weighting)
    for kill in kills:
        with pytest.raises(Killed):
            run(tmp_path, weighting, Kill(**kill), every_steps=every_steps)
    keras.utils.set_random_seed(99)  # a new process would have other draws behind it
    equal(run(tmp_path, weighting, every_steps=every_steps), wanted)
    if weighting == "dwa":  # Finished, it is not run again, and the best weights are back.
        equal(run(tmp_path, weighting, Kill(after=1)), wanted)


@pytest.mark.full
def test_killed_in_the_validation_after_the_last_batch(tmp_path):
    """The last batch of an epoch is a multiple of `every_steps`, and nothing is left of it."""
    options = {"every_steps": 3, "validation_data": own_data(), "epochs": 2}
    wanted = run(tmp_path / "whole", None, **options)
    with pytest.raises(Killed):
        run(tmp_path / "cut", None, Kill(validation=1), **options)
    equal(run(tmp_path / "cut", None, **options), wanted)


def test_several_steps_at_once(tmp_path):
    """With three steps in one call, checkpoints come at the calls after a multiple of two."""

    def trained(*callbacks):
        model = build(noise=False)
        model.compile("sgd", LOSSES, steps_per_execution=3, jit_compile=False)
        history = train(model, dataset(*arrays(64)), 2, callbacks=callbacks)
        return values([*model.variables, *model.optimizer.variables]), history

    wanted, history = trained()
    with pytest.raises(Killed):
        trained(Checkpoint(tmp_path, every_steps=2), Kill(after=2))
    assert Checkpoint(tmp_path)._read()[0]["batch"] == 3
    found, again = trained(Checkpoint(tmp_path, every_steps=2))
    assert again == history
    assert same(found, wanted)


def test_an_early_stop_stays_stopped(tmp_path):
    def stopped(*callbacks):
        model = build(noise=False)
        model.compile(
            keras.optimizers.SGD(0.0), LOSSES, metrics={"zeta": "accuracy"}, run_eagerly=True
        )
        stop = keras.callbacks.EarlyStopping("zeta_accuracy", patience=1)
        history = train(model, dataset(), 9, callbacks=[stop, Checkpoint(tmp_path), *callbacks])
        return history, stop.stopped_epoch

    history, epoch = stopped()
    assert len(history["loss"]) == epoch + 1 == 2
    assert stopped(Kill(after=1)) == (history, epoch)


def small(**options):
    model = build(noise=False)
    model.compile("sgd", LOSSES, run_eagerly=True, **options)
    return model


def test_more_epochs_go_on_from_the_last(tmp_path):
    wanted = small()
    whole = train(wanted, dataset(), 3)
    train(small(), dataset(), 2, callbacks=Checkpoint(tmp_path))
    model = small()
    history = model.fit(dataset(), None, None, 3, 0, [Checkpoint(tmp_path)])
    assert history.history == whole
    assert history.epoch == [0, 1, 2]
    assert same(values(model.variables), values(wanted.variables))


def test_a_second_build_with_other_numbers_in_its_names_is_the_same_model(tmp_path):
    """Keras numbers layers, optimizers and random layers on within a process."""
    model = own_model()
    losses = {task: LOSSES[task] for task in model.tasks}
    model.compile("adam", losses, weighting="uncertainty", run_eagerly=True)
    train(model, own_data().take(1), callbacks=Checkpoint(tmp_path))
    again = own_model()
    again.compile("adam", losses, weighting="uncertainty", run_eagerly=True)
    assert [v.path for v in again.variables] != [v.path for v in model.variables]
    assert Checkpoint(tmp_path).resume(again, [keras.callbacks.History()]) == (1, 0)
    assert same(values(again.variables), values(model.variables))


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    train(small(), dataset().take(1), callbacks=Checkpoint(tmp_path))
    others = [small(weighting="uncertainty"), build(tasks=["zeta", "alpha"]), build(noise=False)]
    others[1].compile("sgd", {task: LOSSES[task] for task in others[1].tasks})
    others[2].compile("adam", LOSSES)
    for other in others:
        before = values(other.variables)
        with pytest.raises(ValueError, match=r"checkpoint\.npz belongs to another model"):
            other.fit(*arrays(), callbacks=[Checkpoint(tmp_path)], verbose=0)
        assert same(values(other.variables), before)


def test_a_damaged_checkpoint_is_refused_by_name(tmp_path):
    model = small()
    train(model, dataset().take(1), callbacks=Checkpoint(tmp_path))
    path = tmp_path / "checkpoint.npz"
    whole = path.read_bytes()
    dice = random.Random(0)
    damages = [whole[: len(whole) // 2], whole[:-1], b"", b"\x93NUMPY", b"PK\x05\x06" + b"\0" * 18]
    for _ in range(40):
        spot = dice.randrange(len(whole))
        damages.append(
            whole[:spot] + bytes([whole[spot] ^ 1 << dice.randrange(8)]) + whole[spot + 1 :]
        )
    before, said = values(model.variables), []
    for damaged in damages:
        path.write_bytes(damaged)
        try:
            Checkpoint(tmp_path).resume(model, [keras.callbacks.History()])
        except ValueError as error:
            said.append(str(error))
        assert same(values(model.variables), before)
    assert len(said) >= 35  # a changed date or attribute in the zip file does no harm
    assert all(f"Checkpoint {path} is damaged" in text for text in said)


def test_a_full_disk_leaves_the_earlier_checkpoint(tmp_path, monkeypatch):
    model = small()
    train(model, dataset().take(1), callbacks=Checkpoint(tmp_path))
    before = (tmp_path / "checkpoint.npz").read_bytes()

    def full(file, **arrays):
        file.write(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        train(model, dataset(), 2, callbacks=Checkpoint(tmp_path))
    assert os.listdir(tmp_path) == ["checkpoint.npz"]
    assert (tmp_path / "checkpoint.npz").read_bytes() == before


def test_metrics_that_are_arrays_stand_in_the_history(tmp_path):
    model = build(noise=False)
    scores = {"mid": keras.metrics.R2Score(class_aggregation=None, name="r2")}
    model.compile("sgd", LOSSES, metrics=scores, run_eagerly=True)
    history = train(model, dataset(), callbacks=Checkpoint(tmp_path))
    assert np.shape(history["mid_r2"]) == (1, 5)
    again = train(model, dataset(), 2, callbacks=Checkpoint(tmp_path))
    np.testing.assert_allclose(again["mid_r2"][0], history["mid_r2"][0], rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "fit", "message"),
    [
        ({"every_steps": 0}, {}, "`every_steps` must be >= 1 or None. Received: every_steps=0"),
        ({}, {"steps_per_epoch": 2}, "does not go with `steps_per_epoch`"),
        ({"every_steps": 2}, {"x": arrays()[0], "y": arrays()[1]}, "only with a tf.data.Dataset"),
    ],
)
def test_what_cannot_be_resumed_is_refused(options, fit, message, tmp_path):
    fit = {"x": dataset(), **fit}
    with pytest.raises(ValueError, match=message):
        small().fit(**fit, callbacks=[Checkpoint(tmp_path, **options)], verbose=0)


class Stored:
    """Stands for a variable, in a process that does not touch TensorFlow."""

    path, shape, dtype = "layer/kernel", (300, 1000), "float32"
    value = 0

    def numpy(self):
        return np.full(self.shape, self.value, self.dtype)


def write_for_ever(directory, start):
    stored, history = Stored(), keras.callbacks.History()
    history.on_train_begin()
    checkpoint = Checkpoint(directory)
    checkpoint._others = [history]
    checkpoint.set_model(
        types.SimpleNamespace(
            variables=[stored],
            optimizer=types.SimpleNamespace(variables=[]),
            _keeper=types.SimpleNamespace(variables=[]),
            stop_training=False,
        )
    )
    for epoch in itertools.count(start):
        stored.value = epoch
        checkpoint.on_epoch_end(epoch)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_kill_at_any_moment_leaves_a_whole_checkpoint(tmp_path):
    """Every checkpoint found after SIGKILL is one that was written whole."""
    dice, done = random.Random(0), 0
    write_once = Checkpoint(tmp_path)
    for _ in range(12):
        writer = os.fork()
        if not writer:
            try:
                write_for_ever(tmp_path, done)
            finally:
                os._exit(1)
        while not write_once.exists():
            time.sleep(0.01)
        time.sleep(dice.random() / 10)
        os.kill(writer, signal.SIGKILL)
        assert os.waitpid(writer, 0)[1] == signal.SIGKILL
        state, arrays_ = write_once._read()
        assert state["epoch"] >= done
        done = state["epoch"]
        assert (arrays_["variable_0"] == done - 1).all()
        assert len(os.listdir(tmp_path)) <= 2  # what is left is overwritten by the next
    assert done > 12
