"""`weighting=None` is plain Keras, to the last bit."""

import keras
import numpy as np
import pytest
from toy_tasks import LOSSES, build, dataset, same, train, values

OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.1, momentum=0.9),
    "adamw": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.05, global_clipnorm=1.0),
}
BY_NAME = {task: LOSSES[task] for task in ("mid", "zeta", "alpha")}  # neither order of `build`


def run(cls=None, optimizer="sgd", epochs=4, **options):
    """20 steps; returns every value that training changes, and the history."""
    model = build(cls) if cls else build()
    options = {"loss": BY_NAME, "jit_compile": False, **options}
    model.compile(OPTIMIZERS[optimizer](), **options)
    history = train(model, dataset(remainder=False), epochs)
    return [values(model.variables), values(model.optimizer.variables)], history


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [
        ("sgd", {}),
        ("adamw", {"loss_weights": {"zeta": 1.0, "alpha": 0.7, "mid": 1.3}}),
        ("adamw", {"jit_compile": True}),
        ("adamw", {"steps_per_execution": 2}),
    ],
)
def test_bit_for_bit_with_batch_norm_dropout_and_regularisation(optimizer, options):
    wanted, keras_logs = run(keras.Model, optimizer, **options)
    found, logs = run(None, optimizer, **options)
    assert same(found[0], wanted[0])
    assert same(found[1], wanted[1])
    assert {k: logs[k] for k in keras_logs} == {
        k: pytest.approx(v, rel=1e-5) for k, v in keras_logs.items()
    }


def test_equal_is_the_same_to_rounding():
    wanted, plain_logs = run(None, "sgd")
    found, logs = run(None, "sgd", weighting="equal")
    for ours, theirs in zip(found[0], wanted[0], strict=True):
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
def test_bit_for_bit_with_any_loss(loss):
    losses = {**BY_NAME, "mid": loss}
    wanted, _ = run(keras.Model, epochs=1, loss=losses)
    found, _ = run(None, epochs=1, loss=losses)
    assert same(found[0], wanted[0])


def test_run_eagerly_and_one_batch_at_a_time():
    wanted, _ = run(keras.Model, epochs=1)
    model = build()
    model.compile(OPTIMIZERS["sgd"](), BY_NAME, run_eagerly=True)
    for batch in dataset():
        logs = model.train_on_batch(*batch, return_dict=True)
    assert same(values(model.variables), wanted[0])
    assert {"loss", "zeta_loss", "alpha_loss", "mid_loss"} <= logs.keys()


def test_a_labelled_entry_of_every_row_is_plain_keras_also_for_one_task():
    data = dataset().map(lambda x, y: ({"x": x["x"]}, {"zeta": y["zeta"]}))
    one = [build(cls, tasks=["zeta"]) for cls in (keras.Model, type(build()))]
    for model in one:
        model.compile("sgd", {"zeta": LOSSES["zeta"]}, jit_compile=False)
        train(model, data)
    assert same(values(one[1].variables), values(one[0].variables))
