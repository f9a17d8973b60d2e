"""`weighting=None` is plain Keras, to the last bit."""

import keras
import numpy as np
import pytest
from toy_tasks import LOSSES, build, dataset, same, train, values

import mtl_keras as mtl

OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.1, momentum=0.9),
    "adamw": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.05, global_clipnorm=1.0),
}
BY_NAME = {task: LOSSES[task] for task in ("mid", "zeta", "alpha")}  # neither order of `build`


def run(cls=mtl.MultiTaskModel, optimizer="sgd", epochs=4, batches=5, **options):
    """By default 20 steps; returns every value that training changes, and the history."""
    model = build(cls)
    options = {"loss": BY_NAME, "jit_compile": False, **options}
    model.compile(OPTIMIZERS[optimizer](), **options)
    history = train(model, dataset(remainder=False).take(batches), epochs, shuffle=False)
    return values(model.variables) + values(model.optimizer.variables), history


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [
        (
            "adamw",
            {
                "loss_weights": {"zeta": 1.0, "alpha": 0.7, "mid": 1.3},
                "steps_per_execution": 2,
            },
        ),
        pytest.param("adamw", {"jit_compile": True}, marks=pytest.mark.full),
    ],
)
def test_20_steps_with_batch_norm_dropout_and_regularisation(optimizer, options):
    wanted, keras_logs = run(keras.Model, optimizer, **options)
    found, logs = run(optimizer=optimizer, **options)
    assert same(found, wanted)
    for name, value in keras_logs.items():
        assert logs[name] == pytest.approx(value, rel=1e-5), name


def test_equal_is_the_same_to_rounding():
    wanted, plain_logs = run(epochs=1)
    found, logs = run(epochs=1, weighting="equal")
    assert len(found) == len(wanted)
    for ours, theirs in zip(found, wanted):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    assert logs["loss"] == pytest.approx(plain_logs["loss"], rel=1e-5)


@pytest.mark.parametrize(
    "loss",
    [
        keras.losses.Huber(),
        keras.losses.CosineSimilarity(),
        keras.losses.MeanSquaredError(reduction="sum"),
        lambda y_true, y_pred: (y_true - y_pred) ** 2,
        keras.losses.kl_divergence,
    ],
    ids=["huber", "cosine", "sum", "function", "kl"],
)
def test_any_loss(loss):
    options = {"epochs": 1, "batches": 2, "loss": {**BY_NAME, "mid": loss}, "run_eagerly": True}
    assert same(run(**options)[0], run(keras.Model, **options)[0])


def test_labels_of_masked_places_count_as_in_keras():
    """Words that `Embedding(mask_zero=True)` masks are no part of the mean."""

    def tagger(cls):
        keras.utils.set_random_seed(0)
        words = keras.Input((4,), dtype="int32", name="words")
        vectors = keras.layers.Embedding(9, 3, mask_zero=True)(words)
        model = cls({"words": words}, {"tags": keras.layers.Dense(2, name="tags")(vectors)})
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("sgd", {"tags": loss}, metrics={"tags": ["accuracy"]}, run_eagerly=True)
        random = np.random.default_rng(0)
        ids = random.integers(0, 3, (6, 4)).astype("int32")
        tags = random.integers(0, 2, (6, 4)).astype("int32")
        logs = model.fit({"words": ids}, {"tags": tags}, verbose=0, shuffle=False).history
        return values(model.variables), logs

    (found, logs), (wanted, keras_logs) = tagger(mtl.MultiTaskModel), tagger(keras.Model)
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)
    assert logs["loss"] == pytest.approx(keras_logs["loss"])
    assert logs["tags_accuracy"] == pytest.approx(keras_logs["accuracy"])


def test_one_batch_at_a_time():
    models = [build(cls) for cls in (keras.Model, mtl.MultiTaskModel)]
    for model in models:
        model.compile(OPTIMIZERS["sgd"](), BY_NAME, run_eagerly=True)
        for batch in dataset().take(2):
            logs = model.train_on_batch(*batch, return_dict=True)
    assert same(values(models[1].variables), values(models[0].variables))
    assert {"loss", "zeta_loss", "alpha_loss", "mid_loss"} <= logs.keys()
