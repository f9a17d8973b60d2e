"""One training: selection, cost, scores, repeatability."""

import keras
import numpy as np
import pytest

import mtl_keras as mtl
from mtl_keras.evaluation import results
from mtl_keras.experiments import plan
from mtl_keras.experiments.training import adam, one_cycle, optimizer, sgd, train

SETTINGS = {
    **plan.TRAINING, "optimizer": adam(0.01), "epochs": 3, "run_eagerly": True,
    "validation_rows": 64, "test_rows": 33, "disturbed_rows": 64, "robustness": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def data():
    return mtl.data.load(digits="sample/digits", topics="sample/headlines", examples=96,
                         batch_size=32)  # fmt: skip


def build(data):
    x = data.inputs()
    trunk = mtl.trunks.mlp((16,), input_size=(7, 7))
    words = mtl.text.embedding_branch(data.vocabulary_size, 8)
    return mtl.MultiTaskModel(
        x,
        {
            "digits": keras.layers.Dense(10)(trunk(x["digits_image"])),
            "topics": keras.layers.Dense(4)(words(x["topics_text"])),
        },
    )


def trained(data, *tasks, **settings):
    keras.utils.set_random_seed(3)
    model = build(data)
    return model, train(model, data.only(*tasks), {**SETTINGS, **settings})


@pytest.fixture(scope="module")
def joint(data):
    return trained(data, "digits", "topics")


def test_what_is_found(data, joint):
    model, found = joint
    assert found["parameters"] == model.count_params()
    assert found["flops"] == mtl.evaluation.flops(model)
    assert found["examples"]["digits"] == {
        "train": 96, "validation": 64, "test": 64, "official_train": None,
    }  # fmt: skip
    assert len(found["history"]["val_mean_score"]) == 3
    assert found["seconds"] >= found["epoch_seconds"] > 0
    assert found["cpu_seconds"] >= found["epoch_cpu_seconds"] > 0
    assert found["tasks"]["topics"]["score"] == found["test"]["topics_accuracy"]
    assert set(found["disturbed"]) == {"noise", "blur", "occlusion", "brightness"}
    # Nothing that disturbs pictures reaches the texts.
    for levels in found["disturbed"].values():
        assert all(s["topics"] == found["tasks"]["topics"]["score"] for _, s in levels)


def test_the_model_is_that_of_the_best_epoch(data, joint):
    model, found = joint
    assert found["best_epoch"] == int(np.argmax(found["history"]["val_mean_score"]))
    logs = model.evaluate(data.validation.take(2), return_dict=True, verbose=0)
    assert logs["mean_score"] == pytest.approx(max(found["history"]["val_mean_score"]), abs=1e-6)


def test_the_last_epoch_is_tested_where_that_is_asked_for(data):
    # At such a rate the last epoch is not the best.
    settings = {"optimizer": sgd(3.0), "epoch": "last", "robustness": False}
    model, found = trained(data, "digits", "topics", **settings)
    curve = found["history"]["val_mean_score"]
    again = model.evaluate(data.validation.take(2), verbose=0, return_dict=True)
    assert found["best_epoch"] == 2
    assert max(curve) > curve[-1] == pytest.approx(again["mean_score"], abs=1e-6)


@pytest.mark.full
def test_one_seed_gives_one_result(data, joint):
    _, again = trained(data, "digits", "topics", robustness=False)
    assert again["history"] == joint[1]["history"]
    assert results.plain(again["tasks"]) == results.plain(joint[1]["tasks"])


def test_of_one_task_the_part_that_it_needs_is_trained(data):
    model, found = trained(data, "topics", epochs=1, robustness=False)
    assert list(found["tasks"]) == ["topics"]
    assert found["parameters"] < model.count_params()
    assert "disturbed" not in found


def test_optimizers():
    made = optimizer(sgd(0.001), steps=10)
    assert (float(made.learning_rate), made.momentum) == (pytest.approx(0.001), 0.9)
    assert float(optimizer(adam(), 10).learning_rate) == pytest.approx(0.001)
    assert isinstance(optimizer(one_cycle(), 10), keras.optimizers.AdamW)
