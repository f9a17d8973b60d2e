import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, log_softmax, logit, softmax

import mtl_keras as mtl
from mtl_keras.fusion import AverageEnsemble, ProductEnsemble, StackingEnsemble, VoteEnsemble
from mtl_keras.fusion.ensembles import Ensemble, ensemble

RULES = [AverageEnsemble, ProductEnsemble, VoteEnsemble]
# The hand case: three members, one row, three classes.
HAND = np.array([[[0.6, 0.4, 0.0]], [[0.1, 0.5, 0.4]], [[0.6, 0.3, 0.1]]])


def logits(p):
    with np.errstate(divide="ignore"):
        return [np.log(np.maximum(each, 1e-30)).astype("float32") for each in p]


def close(found, wanted, atol=1e-5):
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=atol)


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        (AverageEnsemble(), [[1.3 / 3, 1.2 / 3, 0.5 / 3]]),
        (AverageEnsemble([0, 2, 2]), [[0.35, 0.4, 0.25]]),
        (VoteEnsemble(), [[2 / 3, 1 / 3, 0]]),
        (VoteEnsemble([1, 3, 1]), [[0.4, 0.6, 0]]),
    ],
)
def test_hand_cases(layer, wanted):
    close(softmax(layer(logits(HAND)), axis=1), wanted)


def test_the_product_is_another_opinion_than_the_mean():
    wanted = np.prod(np.maximum(HAND, 1e-6), axis=0)
    raised = wanted ** (1 / 3)
    found = softmax(ProductEnsemble()(logits(HAND)), axis=1)
    close(found, raised / raised.sum())
    close(found[:, :2] ** 3 / (found[:, :2] ** 3).sum(), [[0.375, 0.625]])
    assert np.argmax(AverageEnsemble()(logits(HAND))) == 0
    assert np.argmax(VoteEnsemble()(logits(HAND))) == 0
    # One zero vetoes, as far as the clip lets it.
    sure = ProductEnsemble(clip=1e-3)(logits(HAND))
    assert softmax(sure, axis=1)[0, 2] > found[0, 2]


def test_three_independent_voters():
    right = np.random.default_rng(0).random((3, 20_000, 1)) < 0.7
    votes = np.where(right, 1.0, -1.0).astype("float32")
    share = np.mean(np.array(VoteEnsemble()(list(votes))) > 0)
    assert share == pytest.approx(0.784, abs=0.01)


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), order=st.permutations(range(4)))
def test_laws(rule, seed, order):
    random = np.random.default_rng(seed)
    each = list(random.normal(size=(4, 5, 3)).astype("float32"))
    weights = random.uniform(0.1, 1, 4).tolist()
    found = softmax(rule(weights)(each), axis=1)
    # The order of the members, the scale of the weights and a shift of the logits do not count.
    again = rule([7 * weights[i] for i in order])([each[i] + 2 for i in order])
    close(softmax(again, axis=1), found)
    # Members who agree are one member, except that a vote is for a whole class.
    if rule is not VoteEnsemble:
        close(softmax(rule()([each[0]] * 3), axis=1), softmax(each[0], axis=1))
    # An absent member is as if it had never been.
    present = random.random((4, 5)) < 0.5
    found = np.array(rule(weights)(each, present=[tf.constant(row) for row in present]))
    for row in range(5):
        there = np.flatnonzero(present[:, row])
        if len(there):
            few = rule([weights[i] for i in there])([each[i][row : row + 1] for i in there])
            close(softmax(found[row]), softmax(few[0]))
        else:
            close(softmax(found[row]), np.ones(3) / 3)


@pytest.mark.parametrize("multi_label", [False, True])
def test_outputs_that_say_yes_or_no(multi_label):
    x = np.random.default_rng(0).normal(size=(3, 6, 2 if multi_label else 1)).astype("float32")
    p = expit(np.float64(x))
    options = {"multi_label": multi_label}
    close(AverageEnsemble(**options)(list(x)), logit(p.mean(axis=0)))
    close(ProductEnsemble(**options)(list(x)), x.mean(axis=0))
    votes = np.array(VoteEnsemble(**options)(list(x))) > 0
    np.testing.assert_array_equal(votes, (x > 0).sum(axis=0) >= 2)


def test_extreme_logits_stay_finite():
    each = [np.array([[300.0, -300.0]], "float32"), np.array([[-300.0, 300.0]], "float32")]
    for rule in RULES:
        assert np.isfinite(rule()(each)).all()
        assert np.isfinite(rule()([x[:, :1] for x in each])).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: AverageEnsemble([1, -1]), "not negative, one of them positive"),
        (lambda: AverageEnsemble([0, 0]), "not negative, one of them positive"),
        (lambda: AverageEnsemble([1])(logits(HAND)), "must hold 3 numbers"),
        (lambda: ProductEnsemble(clip=0), r"`clip` must be in \(0, 0.5\)"),
        (lambda: ensemble([]), "at least one model"),
        (lambda: ensemble([member(0), member(1, task="b")]), "the same inputs and tasks"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_rule_without_combine():
    with pytest.raises(NotImplementedError, match="must implement combine"):
        Ensemble()(logits(HAND))


# ------------------------------------------------------------ whole models


def member(seed, task="t"):
    keras.utils.set_random_seed(seed)
    x = keras.Input((4, 4, 1), name="x")
    flat = keras.layers.Flatten()(x)
    scale = keras.Sequential([keras.layers.Rescaling(1 / 255)])
    return mtl.MultiTaskModel(
        {"x": x},
        {task: keras.layers.Dense(3)(flat), "yes": keras.layers.Dense(1)(flat)},
        preprocess={"x": scale},
        class_names={task: ["a", "b", "c"]},
    )


@pytest.mark.parametrize("combine", [None, ProductEnsemble([1, 3]), StackingEnsemble()])
def test_an_ensemble_is_a_model_that_saves_and_exports(tmp_path, combine):
    members = [member(0), member(1)]
    joined = ensemble(members, combine)
    x = np.random.default_rng(0).random((5, 4, 4, 1), np.float32)
    each = [np.float64(model({"x": x})["t"]) for model in members]
    if combine is None:
        wanted = np.log((softmax(each[0], axis=1) + softmax(each[1], axis=1)) / 2)
    else:
        weights = [1 / 4, 3 / 4] if isinstance(combine, ProductEnsemble) else [1 / 2, 1 / 2]
        wanted = sum(w * z for w, z in zip(weights, each))
    found = joined({"x": x})["t"]
    close(log_softmax(found, axis=1), log_softmax(wanted, axis=1))
    assert joined.tasks == ["t", "yes"]
    joined.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again({"x": x})["t"], found)
    again.export(tmp_path / "x")
    served = tf.saved_model.load(str(tmp_path / "x")).signatures
    pictures = (255 * x).astype("uint8")
    answer = served["t"](image=tf.constant(pictures))["probabilities"]
    close(answer, softmax(joined({"x": np.float32(pictures) / 255})["t"], axis=1))
    yes = served["yes"](image=tf.constant(pictures))["probabilities"][:, 1:]
    close(yes, expit(joined({"x": np.float32(pictures) / 255})["yes"]))
