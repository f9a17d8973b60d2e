import keras
import numpy as np
import pytest

from mtl_keras.fusion import StackingEnsemble

linear_model = pytest.importorskip("sklearn.linear_model")


def members(classes, rows=150, seed=0):
    """Logits of a good, a bad and a miscalibrated member, and the labels."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, max(classes, 2), rows)
    truth = np.eye(classes)[labels] if classes > 1 else labels[:, None] - 0.5
    noise = random.normal(size=(3, rows, classes))
    return [truth * 2 + noise[0], noise[1], 9 * truth + 9 * noise[2]], labels


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("l2", [0.1, 10.0])
def test_is_the_logistic_regression_of_scikit_learn(classes, l2):
    each, labels = members(classes)
    layer = StackingEnsemble(l2)
    layer.fit(each, labels)
    reference = linear_model.LogisticRegression(C=1 / l2, tol=1e-10, max_iter=10_000)
    reference.fit(np.concatenate(each, axis=1), labels)
    np.testing.assert_allclose(layer.kernel.numpy().T, reference.coef_, rtol=0, atol=2e-3)
    found = np.array(layer([x.astype("float32") for x in each]))
    wanted = reference.decision_function(np.concatenate(each, axis=1)).reshape(found.shape)
    if classes > 1:  # A shift of all logits says nothing.
        found, wanted = (x - x.mean(axis=1, keepdims=True) for x in (found, wanted))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-2)


def test_begins_as_the_mean_and_training_leaves_it_alone():
    each, _ = members(3)
    layer = StackingEnsemble()
    found = layer([x.astype("float32") for x in each])
    np.testing.assert_allclose(found, np.mean(each, axis=0), rtol=1e-4, atol=1e-4)
    assert layer.trainable_variables == []


def test_is_better_than_its_members_on_new_rows():
    each, labels = members(3, rows=600)
    layer = StackingEnsemble()
    layer.fit([x[:300] for x in each], np.where(np.arange(300) % 5, labels[:300], -1))
    z = np.array(layer([x[300:].astype("float32") for x in each]))
    scores = [(x[300:].argmax(axis=1) == labels[300:]).mean() for x in each]
    assert (z.argmax(axis=1) == labels[300:]).mean() >= max(scores)


def test_saves_its_fit(tmp_path):
    each, labels = members(3)
    inputs = [keras.Input((3,)) for _ in each]
    layer = StackingEnsemble(name="joined")
    model = keras.Model(inputs, layer(inputs))
    layer.fit(each, labels)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras").get_layer("joined")
    np.testing.assert_array_equal(again.kernel, layer.kernel)
    assert again.get_config()["l2"] == 1.0


@pytest.mark.parametrize("labels", [[0, 3], [-2, 1], [-1, -1]])
def test_labels_that_are_no_classes(labels):
    with pytest.raises(ValueError, match="`labels` must hold classes 0 to 2"):
        StackingEnsemble().fit([np.zeros((2, 3))], labels)


def test_a_negative_penalty():
    with pytest.raises(ValueError, match=r"`l2` must not be negative\. Received: l2=-1"):
        StackingEnsemble(-1)
