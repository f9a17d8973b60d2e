import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from mtl_keras.heads import ConditionalLogits, hierarchical
from tests.heads import missing

PARENTS = [1, 0, 1, 2, 1, 0]
RANDOM = np.random.default_rng(0)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 4), st.integers(0, 5), st.integers(0, 2**32 - 1), st.floats(0.1, 100))
def test_fine_probabilities_are_coarse_times_conditional(coarse, more, seed, scale):
    random = np.random.default_rng(seed)
    parents = random.permutation([*range(coarse), *random.integers(0, coarse, more)])
    given_coarse = scale * random.normal(size=(3, coarse)).astype("float32")
    given_fine = scale * random.normal(size=(3, len(parents))).astype("float32")
    logits = ConditionalLogits(parents.tolist())([given_coarse, given_fine]).numpy()
    found, of_coarse = softmax(logits.astype("float64"), axis=1), softmax(given_coarse, axis=1)
    for c in range(coarse):
        below = parents == c
        within = softmax(given_fine[:, below], axis=1)
        np.testing.assert_allclose(found[:, below], of_coarse[:, [c]] * within, atol=2e-5)
        np.testing.assert_allclose(found[:, below].sum(axis=1), of_coarse[:, c], atol=2e-5)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_compiled_and_with_large_logits(policy):
    layer = ConditionalLogits(PARENTS, dtype=None if policy == "float32" else "float32")
    coarse = tf.constant([[300.0, -300.0, 0.0]])
    fine = tf.constant([[5.0, -400.0, 4.0, 1.0, 3.0, -500.0]])
    if policy == "mixed_float16":
        coarse, fine = tf.cast(coarse, tf.float16), tf.cast(fine, tf.float16)
    with tf.GradientTape() as tape:
        tape.watch([coarse, fine])
        logits = tf.function(layer, jit_compile=True)([coarse, fine])
        loss = -tf.nn.log_softmax(logits)[0, 5]
    assert logits.dtype == tf.float32
    assert float(loss) == pytest.approx(100, rel=1e-3)
    for gradient in tape.gradient(loss, [coarse, fine]):
        assert np.isfinite(gradient).all()


def test_each_task_misses_its_labels_for_itself():
    head = hierarchical(PARENTS, coarse="topic", fine="kind")
    outputs = {
        "topic": RANDOM.normal(size=(5, 3)).astype("float32"),
        "kind": RANDOM.normal(size=(5, 6)).astype("float32"),
    }
    labels = {"topic": np.array([0, -1, 2, 1, 1]), "kind": np.array([-1, 3, -1, 0, 4])}
    for task in ("topic", "kind"):
        seen = labels[task] >= 0
        picked = softmax(outputs[task].astype("float64"), axis=1)[np.arange(5), labels[task]]
        value, gradient = missing.mean_and_gradient(head.loss[task], labels[task], outputs[task])
        assert value == pytest.approx(-np.log(picked[seen]).mean(), rel=1e-5)
        assert (gradient.any(axis=1) == seen).all()
        right = (outputs[task].argmax(1) == labels[task])[seen].mean()
        assert missing.scores(head.loss[task], head.metrics[task], labels[task], outputs[task]) == {
            "accuracy": pytest.approx(right)
        }
        missing.check_nothing_labelled(head.loss[task], labels[task], outputs[task])
        missing.check_fillers_cannot_leak(head.loss[task], labels[task], outputs[task], [-7, 99])


def test_the_tasks_agree_in_a_model_and_after_loading(tmp_path):
    x = keras.Input((4,), name="x")
    model = keras.Model(x, hierarchical(PARENTS)(x))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    rows = RANDOM.normal(size=(3, 4)).astype("float32")
    found = {task: softmax(logits, axis=1) for task, logits in again(rows).items()}
    for task, logits in model(rows).items():
        np.testing.assert_allclose(found[task], softmax(logits, axis=1), rtol=1e-6)
    summed = np.stack([found["fine"][:, np.equal(PARENTS, c)].sum(1) for c in range(3)], axis=1)
    np.testing.assert_allclose(summed, found["coarse"], rtol=1e-5)
    assert again.get_layer("fine").get_config()["parents"] == PARENTS


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"parents": [0, 0, 2]}, r"each of 0, 1 and so on at least once. Received: .*\[0, 0, 2\]"),
        ({"parents": [0, 0]}, "at least once"),
        ({"parents": []}, "at least once"),
        ({"parents": PARENTS, "coarse": "a", "fine": "a"}, "must name two tasks. Received: 'a'"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        hierarchical(**options)
