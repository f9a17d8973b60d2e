"""Answers of networks, kept and joined."""

import keras
import numpy as np
import pytest

import mtl_keras as mtl
from mtl_keras.experiments import ensembles


@pytest.fixture(scope="module")
def data():
    return mtl.data.load(digits="sample/digits", batch_size=64)


def write(path, scores, labels):
    """Answers of a network that likes the true class so much, in each row of both splits."""
    arrays = {}
    for split in ("validation", "test"):
        logits = np.random.default_rng(len(path.name)).normal(size=(len(labels), 10))
        logits[np.arange(len(labels)), labels] += scores
        arrays |= {f"{split}_logits": logits.astype("float32"), f"{split}_labels": labels}
    np.savez(path, **arrays)


@pytest.fixture
def paths(tmp_path):
    labels = np.arange(300) % 10
    good = np.where(np.arange(300) < 150, 6.0, 0.0)
    found = [tmp_path / name for name in ("a.npz", "bb.npz", "ccc.npz")]
    for path, scores in zip(found, (good, 6.0 - good, np.zeros(300))):
        write(path, scores, labels)
    return found


@pytest.mark.parametrize("how", ensembles.HOW)
def test_two_halves_make_a_whole(how, data, paths):
    """In a vote one knows and two guess: .19 are joined by a guess, a third of .73 ties won."""
    found = ensembles.join(how, paths, data)["tasks"]["digits"]
    if how == "vote":
        assert found["score"] == pytest.approx(0.19 + 0.73 / 3, abs=0.1)
    else:
        assert found["score"] > 0.85
    assert sum(map(sum, found["confusion"])) == 300


def test_weights_are_those_of_the_validation_accuracy(data, paths):
    labels = np.arange(300) % 10
    write(paths[2], -9.0, labels)  # always wrong, so it weighs nothing
    average, weighted = (
        ensembles.join(how, paths, data)["tasks"]["digits"]["score"]
        for how in ("average", "weighted")
    )
    assert weighted > average


def test_kept_answers_are_the_models(data, tmp_path):
    x = data.inputs()
    features = mtl.trunks.mlp((4,))(x["digits_image"])
    model = mtl.MultiTaskModel(x, {"digits": keras.layers.Dense(10)(features)})
    batches = {"validation": data.validation, "test": data.test.take(2)}
    ensembles.keep(tmp_path / "kept" / "one.npz", model, batches)
    kept = np.load(tmp_path / "kept" / "one.npz")
    assert kept["test_logits"].shape == (128, 10)
    inputs, labels = next(iter(data.test))
    np.testing.assert_array_equal(kept["test_labels"][:64], labels["digits"])
    np.testing.assert_allclose(
        kept["test_logits"][:64], model.predict(inputs, verbose=0)["digits"], atol=1e-5
    )


def test_missing_answers_are_named(data, paths):
    paths[1].unlink()
    with pytest.raises(ValueError, match=r"Missing: bb\.npz"):
        ensembles.join("average", paths, data)
