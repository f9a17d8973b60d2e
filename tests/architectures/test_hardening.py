import keras
import numpy as np

import mtl_keras as mtl
from mtl_keras.architectures import harden

from . import toy


def searched(**options):
    model = toy.model("ltb", "each", shapes=((6, 6, 1), (9, 7, 1)))
    model = mtl.MultiTaskModel(
        model.input,
        {task: dict(model.output)[task] for task in toy.TASKS},
        preprocess={"zeta_x": keras.layers.Rescaling(0.5)},
        class_names={"alpha": ["no", "yes"]},
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics="accuracy", weighting="pcgrad", jit_compile=False, **options)
    return model


def test_the_hard_model_is_a_whole_one():
    model = searched()
    hard = harden(model)
    assert type(hard) is mtl.MultiTaskModel
    assert hard.tasks == toy.TASKS
    assert hard.class_names == model.class_names
    assert hard.preprocess == model.preprocess
    assert type(hard.weighting) is type(model.weighting)
    assert hard.optimizer is not model.optimizer
    x, y = toy.pictures(model), toy.labels()
    first, second = (m.evaluate(x, y, verbose=0, return_dict=True) for m in (model, hard))
    assert first == second


def test_variables_are_the_same():
    model = searched()
    hard = harden(model)
    hard.run_eagerly = True
    hard.fit(toy.pictures(model), toy.labels(), verbose=0)
    x = toy.pictures(model)
    for task, y in hard(x).items():
        np.testing.assert_array_equal(y, model(x)[task])
    assert {id(v) for v in hard.trainable_variables} < {id(v) for v in model.trainable_variables}


def test_learning_rates_of_layers_that_are_gone_are_dropped():
    factors = {"ltb_branch1": 10.0, "zeta": 0.5}
    config = harden(searched(learning_rate_multipliers=factors)).get_compile_config()
    assert config["learning_rate_multipliers"] == {"zeta": 0.5}


def test_a_model_without_choices_stays():
    model = toy.features(toy.make("mmoe"))
    hard, x = harden(model), toy.pictures(model)
    assert hard.count_params() == model.count_params()
    for task, y in hard(x).items():
        np.testing.assert_array_equal(y, model(x)[task])
